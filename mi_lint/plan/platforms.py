"""Platforms of others that run the code: they have no managed identity, and what signs in there instead.

Whether a platform gives its programs tokens that Microsoft Entra ID can trust:
https://cloud.google.com/run/docs/securing/service-identity, https://vercel.com/docs/oidc/azure,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html,
https://fly.io/docs/security/openid-connect/, https://render.com/docs/oidc (for AWS only),
https://learn.microsoft.com/azure/developer/github/connect-from-azure-openid-connect; the others document none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mi_lint.python.known import is_test

_PRINCIPAL = (
    "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of a service principal there, which "
    "DefaultAzureCredential reads"
)
MAX_DEPTH = 3  # folders above a file that says where a whole repository runs


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform and the file that deploys to it: its name, and what has to stand in it.

    ``tokens`` are those that a federated credential can trust. ``weak`` files are often left over from somewhere else.
    ``sign_in`` is what the platform has for Azure.
    """

    name: str
    file: re.Pattern[str]
    text: re.Pattern[str]
    tokens: str = ""
    weak: bool = False
    sign_in: str = ""

    @property
    def way(self) -> str:
        """What signs in instead of a managed identity."""
        if self.sign_in:
            return self.sign_in
        if not self.tokens:
            return _PRINCIPAL
        return f"let a federated credential trust {self.tokens} (ClientAssertionCredential), or {_PRINCIPAL}"


def _platform(
    name: str, file: str, text: str = "", tokens: str = "", *, weak: bool = False, sign_in: str = ""
) -> Platform:
    return Platform(name, re.compile(file), re.compile(text, re.MULTILINE), tokens, weak, sign_in)


_GOOGLE = "the identity tokens of its service account"
_AWS = "the tokens of sts:GetWebIdentityToken"
_CLOUD_RUN = (
    r"gcloud(?: beta)? run (?:deploy|services (?:update|replace))|google-github-actions/deploy-cloudrun"
    r"|-\s*['\"]?run['\"]?\s*\n\s*-\s*['\"]?deploy\b"
)
_FARGATE = (
    r"aws ecs (?:update-service|create-service|run-task|register-task-definition)\b|AWS::ECS::TaskDefinition"
    r"|aws-actions/amazon-ecs-deploy-task-definition@"
)
# A workflow that runs a program with a secret of Azure, and does not sign in by itself. Runners of one's own may be
# machines in Azure.
_WORKFLOW = (
    r"\A(?![\s\S]*(?:\bazure/login@|\bself-hosted\b))"
    r"(?=[\s\S]*\b(?:python3?|uv[ \t]+run)[ \t]+(?:-[a-ln-z]+[ \t]+)*"
    r"(?:[\w./-]+\.py\b|-m[ \t]+(?!(?:pip|pytest|unittest|venv|build)\b)))"
    r"(?=[\s\S]*\$\{\{[ \t]*secrets\.\w*(?:AZURE|OPENAI|STORAGE|BLOB|COSMOS|CONN_STR|CONNECTION|PASSWORD|PASSWD|"
    r"PG(?:HOST|USER)|SQL|DATABASE|REDIS|SEARCH|SPEECH|COGNITIVE|VISION|TRANSLATOR|SERVICE_?BUS|EVENT_?HUB|DOCUMENT_|FORM_?RECOGNIZER)\w*"
    r"[ \t]*\}\})"
)
_FEDERATION = (
    "let azure/login sign in before it by federation (permissions: id-token: write), whose sign-in "
    "DefaultAzureCredential takes over from the Azure CLI"
)
# https://learn.microsoft.com/azure/static-web-apps/apis-functions: only a Functions app of one's own has an identity.
_MANAGED_FUNCTION = "a managed function of Azure Static Web Apps"
_STATIC_WEB_APP = r"^[^#\n]*\b(?i:azure/static-web-apps-deploy)@(?:[\s\S]*?)^[ \t]*api_location:[ \t]*[\"']?[\w./]"
_OWN_APP = f"link a Functions app of your own (bring your own functions), which has one, or {_PRINCIPAL}"
_STREAMLIT = r"//(?:share\.streamlit\.io|[\w-]+\.streamlit\.app)\b"
PLATFORMS = (
    _platform("Google App Engine", r"^app\.ya?ml$", r"^runtime:\s*['\"]?python|^env:\s*flex", _GOOGLE),
    _platform("Google Cloud Run", r"^cloudbuild[\w.-]*\.(?:ya?ml|json)$|\.sh$|\.ya?ml$", _CLOUD_RUN, _GOOGLE),
    _platform("Render", r"^render\.ya?ml$", r"^services:"),
    _platform("Fly.io", r"^fly\.toml$", r"^app\s*=|^\[", "its OpenID Connect tokens"),
    _platform("Vercel", r"^vercel\.json$", r"@vercel/python|\.py\b", "its OpenID Connect tokens"),
    _platform("Railway", r"^railway\.(?:json|toml)$"),
    _platform("AWS", r"^template\.ya?ml$", r"AWS::Serverless[\s\S]*python3", _AWS),
    _platform("AWS", r"^serverless\.ya?ml$", r"^\s+name:\s*['\"]?aws\b", _AWS),
    _platform("AWS", r"^(?:samconfig\.toml|zappa_settings\.json|apprunner\.yaml)$", "", _AWS),
    _platform("AWS", r"\.sh$|\.ya?ml$", _FARGATE, _AWS),
    _platform("Replit", r"^\.replit$", r"^\s*(?:run|entrypoint|modules)\s*="),
    _platform("Streamlit Community Cloud", r"^README\.md$", _STREAMLIT, weak=True),
    _platform("Hugging Face Spaces", r"^README\.md$", r"\A---\s[\s\S]{0,300}?^sdk:\s*(?:streamlit|gradio|docker)\b"),
    _platform("a Raspberry Pi", r"^requirements[\w.-]*\.txt$", r"^(?:RPi\.GPIO|gpiozero|picamera2?|spidev)\b"),
    _platform(_MANAGED_FUNCTION, r"^\.github/workflows/", _STATIC_WEB_APP, sign_in=_OWN_APP),
    _platform(_MANAGED_FUNCTION, r"^swa-cli\.config\.json$", r"apiLocation\"[ \t]*:[ \t]*\"[^\"\s]", sign_in=_OWN_APP),
    _platform("a hosted runner of GitHub Actions", r"^\.github/workflows/", _WORKFLOW, sign_in=_FEDERATION),
    _platform("Heroku", r"^Procfile$", r"^\w+:\s", weak=True),
)  # fmt: skip


def found(paths: Iterable[str], text: Callable[[str], str], on_azure: bool) -> list[str]:
    """Return a line for each platform of others; what is weak says nothing beside another one or a host in Azure."""
    places: dict[str, tuple[Platform, list[str]]] = {}
    for path in sorted(paths, key=lambda path: (path.count("/"), path)):
        if path.count("/") <= MAX_DEPTH and not is_test(path):
            for platform in _deployed(path, text):
                places.setdefault(platform.name, (platform, []))[1].append(path)
    strong = [(platform, files) for platform, files in places.values() if not platform.weak]
    told = strong or ([] if on_azure else list(places.values()))
    return [f"{_first(files)}: {platform.name} gives no managed identity: {platform.way}" for platform, files in told]


def _first(files: list[str]) -> str:
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"


def _deployed(path: str, text: Callable[[str], str]) -> Iterator[Platform]:
    # Workflows are known by their folder.
    name = path if path.startswith(".github/") else posixpath.basename(path)
    for platform in PLATFORMS:
        if platform.file.search(name) and platform.text.search(text(path)):
            yield platform
