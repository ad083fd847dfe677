"""Which service a hand-made HTTP request goes to, and whether that service takes a token of Microsoft Entra ID.

Known by the host when the code shows it, else by the path, else by the words in the names of settings and variables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_AI_SCOPE = "https://cognitiveservices.azure.com/.default"
_SUBDOMAIN = "https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains"


@dataclass(frozen=True, slots=True)
class RestService:
    """One service: how its requests look, and the scope and role of a token, or the reason why there is none.

    ``sure_by_name`` is false when an endpoint that is only known by a setting's name may be one that takes no token.
    """

    name: str
    host: str
    path: str = ""
    words: str = ""
    scope: str = ""
    role: str = ""
    reason: str = ""
    entra: bool = True
    sure_by_name: bool = True
    needs: str = ""
    source: str = ""


# The order counts: the first host, path or word that matches decides.
SERVICES = (
    RestService(
        "Azure API Management", r"\.azure-api\.(?:net|us|cn)", words=r"apim\b|apim_|api_?management",
        reason="an API Management subscription key names a subscriber and is no credential of an identity: add a "
        "validate-azure-ad-token policy to the API and send a token for the API's own application",
        source="https://learn.microsoft.com/azure/api-management/validate-azure-ad-token-policy",
    ),
    RestService(
        "Bing Search", r"api\.bing\.microsoft\.com|api\.cognitive\.microsoft\.com/bing/", r"/bing/v\d", r"bing",
        reason="Bing Search takes keys only; keep the key in Key Vault and read it with a managed identity",
        entra=False, source="https://learn.microsoft.com/bing/search-apis/bing-web-search/overview",
    ),
    RestService(
        "Translator", r"api(?:-\w+)?\.cognitive\.microsofttranslator\.com",
        r"(?<!v3\.0)/(?:translate|detect|transliterate)\?api-version=3", r"translat(?:e|or)",
        reason="the global Translator endpoint takes a token only together with the headers Ocp-Apim-ResourceId and "
        "Ocp-Apim-Subscription-Region: send them, or use the resource's own endpoint "
        "https://<resource>.cognitiveservices.azure.com/translator/text/v3.0",
        source="https://learn.microsoft.com/azure/ai-services/translator/text-translation/reference/authentication",
    ),
    RestService(
        "Azure AI services", r"\.api\.cognitive\.microsoft\.com|\.(?:tts|stt|s2s)\.speech\.microsoft\.com|"
        r"\.api\.cognitive\.azure\.cn|\.customvoice\.api\.speech\.microsoft\.com",
        r"sts/v1\.0/issuetoken",
        reason="a regional endpoint takes keys only: give the resource a custom subdomain and call "
        "https://<resource>.cognitiveservices.azure.com with a token",
        source=_SUBDOMAIN,
    ),
    RestService(
        "Azure AI services", r"(?!)",
        r"/(?:luis|qnamaker|anomalydetector|metricsadvisor|personalizer)/",
        r"luis|qna_?maker|anomaly_?detector|metrics_?advisor|personalizer",
        reason="LUIS, QnA Maker, Anomaly Detector, Metrics Advisor and Personalizer are retired; the Language service "
        "(azure-ai-language-conversations, azure-ai-language-questionanswering) takes a token credential",
        source="https://learn.microsoft.com/azure/ai-services/what-are-ai-services",
    ),
    RestService(
        "Azure OpenAI", r"\.openai\.azure\.(?:com|us|cn)",
        r"/openai/(?:deployments|v1|assistants|threads|files|fine|models|batches|responses|images|operations|vector_stores|evals)\b",
        r"aoai|azure_?open_?ai|open_?ai", _AI_SCOPE, "Cognitive Services OpenAI User",
        source="https://learn.microsoft.com/azure/ai-foundry/openai/how-to/managed-identity",
    ),
    RestService(
        "Azure AI Search", r"\.search\.(?:windows\.net|azure\.us|azure\.cn)",
        r"/(?:indexes|indexers|skillsets|datasources|knowledgebases)\b",
        r"search", "https://search.azure.com/.default", "Search Index Data Contributor",
        source="https://learn.microsoft.com/azure/search/search-security-rbac",
    ),
    RestService(
        "Azure Functions", r"\.azurewebsites\.net/api/|\.azurewebsites\.net", r"/admin/functions", r"function",
        reason="a function key is checked by the Functions host alone: turn on App Service authentication, set the "
        "authorization level to anonymous and send a token for the application registration of the app",
        source="https://learn.microsoft.com/azure/app-service/configure-authentication-provider-aad",
    ),
    RestService(
        "Azure AI services", r"\.cognitiveservices\.azure\.(?:com|us|cn)|\.services\.ai\.azure\.com",
        r"/(?:text/analytics|language|vision|computervision|face|contentsafety|formrecognizer|documentintelligence|"
        r"contentunderstanding|translator/text|customvision|speechtotext|imageanalysis)/|/language/:|computervision/",
        r"cognitive|vision|language|content_?safety|form_?recognizer|document_?intelligence|speech|ai_?services|"
        r"text_?analytics|face_",
        _AI_SCOPE, "Cognitive Services User", sure_by_name=False, source=_SUBDOMAIN,
        needs="only the resource's own endpoint (https://<resource>.cognitiveservices.azure.com) takes tokens, a "
        "regional one does not, and which of them is called is not visible here",
    ),
    RestService(
        "Azure Machine Learning", r"\.inference\.ml\.azure\.(?:com|us|cn)|\.models\.ai\.azure\.com",
        scope="https://ml.azure.com/.default", role="AzureML Data Scientist", sure_by_name=False,
        needs="the endpoint has to be of the authentication mode aad_token",
        source="https://learn.microsoft.com/azure/machine-learning/how-to-authenticate-online-endpoint",
    ),
    RestService(
        "Event Grid", r"\.eventgrid\.azure\.(?:net|us|cn)", words=r"event_?grid",
        scope="https://eventgrid.azure.net/.default", role="EventGrid Data Sender",
        source="https://learn.microsoft.com/azure/event-grid/authenticate-with-microsoft-entra-id",
    ),
    RestService(
        "Application Insights", r"api\.applicationinsights\.(?:io|us|azure\.cn)",
        scope="https://api.applicationinsights.io/.default", role="Monitoring Reader",
        source="https://learn.microsoft.com/azure/azure-monitor/logs/api/access-api",
    ),
    RestService(
        "Azure DevOps", r"dev\.azure\.com|\.visualstudio\.com",
        scope="499b84ac-1321-427f-aa17-267ca6975798/.default", role="", sure_by_name=False,
        needs="the managed identity has to be added to the Azure DevOps organisation as a user",
        source="https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/service-principal-managed-identity",
    ),
)  # fmt: skip
UNKNOWN = RestService(
    "a service that is not known", "",
    reason="which service gets the key is not visible here: Azure AI services take a token on the resource's own "
    "endpoint, API Management takes one when a policy validates it",
)  # fmt: skip

_HEADERS = {
    "ocp-apim-subscription-key": r"Azure AI services|Azure API Management|Bing Search|Translator",
    "api-key": r"Azure OpenAI|Azure AI Search|Azure AI services|Azure API Management|Azure Machine Learning",
    "x-functions-key": r"Azure Functions",
    "aeg-sas-key": r"Event Grid",
    "prediction-key": r"Azure AI services",
    "training-key": r"Azure AI services",
    "x-api-key": r"Application Insights",
    "authorization": r"Azure Machine Learning|Azure DevOps",
}
# Headers that nobody but Azure has.
AZURE_HEADERS = frozenset(_HEADERS) - {"api-key", "x-api-key", "authorization", "prediction-key", "training-key"}
HEADERS = frozenset(_HEADERS)

_LITERAL_HOST = re.compile(r"(?:https?|wss?)://(?:[\w-]+\.)+[a-z]{2,}\b", re.IGNORECASE)
_LOCAL = re.compile(r"://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Match:
    """The service of a request, and whether the code shows its host."""

    service: RestService
    by_host: bool


def secret_names(name: str, settings: Sequence[str]) -> tuple[str, ...]:
    """Return what tells of a key by the name that it has in code: nothing, where it only stands in examples of others.

    The header of API Management is that of Azure AI services, whose examples call their own key so:
    https://github.com/groovyz/pacha-testing/blob/4fdf0a9b2f/analyze_doc.py
    """
    return () if name == "apim_key" and any(settings) else (name,)


def recognise(header: str, address: str, names: str) -> Match | None:
    """Return the service that a header is sent to; None when it is no Azure service as far as one can see.

    ``address`` is the URL as the code writes it, with ``{name}`` for what it fills in; ``names`` are the names of the
    key and of its origin.
    """
    wanted = re.compile(_HEADERS[header])
    if _LOCAL.search(address):
        return None
    services = [service for service in SERVICES if wanted.search(service.name)]
    for service in SERVICES:
        if re.search(service.host, address, re.IGNORECASE):
            return Match(service, True)
    if header == "authorization":
        return None
    if _LITERAL_HOST.search(address):
        return Match(UNKNOWN, True) if header in AZURE_HEADERS else None
    paths = address.replace("}", "}/")
    for service in services:
        if service.path and re.search(service.path, paths, re.IGNORECASE):
            return Match(service, False)
    for text in (" ".join(re.findall(r"\{(\w+)\}", address)), names):
        for service in services:
            if service.words and re.search(service.words, text, re.IGNORECASE):
                return Match(service, False)
    return Match(UNKNOWN, False) if header in AZURE_HEADERS else None


def with_token(address: str, scope: str) -> RestService | None:
    """Return the service to which a request sends a token of a scope; None when that is not known."""
    services = [service for service in SERVICES if service.role and service.scope.lower() == scope]
    if _LITERAL_HOST.search(address):
        return next((service for service in services if re.search(service.host, address, re.IGNORECASE)), None)
    for pattern in ("host", "path", "words"):
        for service in services:
            expression = getattr(service, pattern)
            if expression and re.search(expression, address.replace("}", "}/"), re.IGNORECASE):
                return service
    # What all services of one scope have in common is the role of the widest.
    return services[-1] if services else None
