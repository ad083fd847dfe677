"""An application that signs users in reads AZURE_CLIENT_ID or AZURE_CLIENT_SECRET, which credentials read, too.

DefaultAzureCredential signs in with the secret before it asks for a managed identity, and takes the id for that of the
identity: the application registration would get the requests, or nobody.
https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains#defaultazurecredential-overview
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.migrate.project_files.manifests import folders_around, manifests_in
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.mappings import entry
from mi_lint.python.project import Project
from mi_lint.python.site import Site

TAKEN = (
    "'{}' signs in with '{}', which holds what belongs to an application registration there: DefaultAzureCredential "
    "reads it, too, and would not sign in as the managed identity; give that setting another name first"
)
_NAMES = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_ID")
_APPLICATIONS = (
    "ConfidentialClientApplication", "AuthorizationCodeBearer", "OnBehalfOfCredential", "OAuth2Client",
    "make_azure_blueprint", "MicrosoftSSO",
)  # fmt: skip
_SIGN_IN = re.compile(rb"%s|\baudience\s*=|[\"']grant_type[\"']|\.register\(" % "|".join(_APPLICATIONS).encode())
_READ = re.compile(rb"(?m)[\"'](AZURE_CLIENT_(?:ID|SECRET))[\"']|^[ \t]+((?i:AZURE_CLIENT_(?:ID|SECRET)))[ \t]*[:=]")
# Service principals read them as well, and go.
_PRINCIPAL = re.compile(rb"ClientSecretCredential|ServicePrincipalCredentials|EnvironmentCredential")


def reason(site: Site, analysis: Analysis) -> str:
    """Return why no credential that reads the environment can be written here; empty when there is no reason."""
    # Drivers of SQL Server sign in by themselves, and read no such setting.
    if site.family == "sql_server":
        return ""
    taken: dict[str, str] = analysis.once("registrations", lambda: dict(_taken(analysis)))
    return taken.get(_root(analysis.project, site.module.path), "") if taken else ""


def _taken(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Yield the folders of the programs whose settings are taken, and the reason."""
    project = analysis.project
    for path in project.code:
        if not known.is_test(path) and _SIGN_IN.search(project.code_text(path)):
            module = project.module(path)
            name = _setting(module, analysis) if module is not None else ""
            if name:
                yield _root(project, path), TAKEN.format(path, name)


def _setting(module: Module, analysis: Analysis) -> str:
    """Return the setting of that name that an application of a module is made with; empty without one."""
    unclear = False
    for is_application, value in _values(module):
        names, clear = _settings(module, value, analysis)
        if found := next((name for name in _NAMES if name in names), ""):
            return found
        unclear = unclear or (is_application and not clear)
    return _read_around(module, analysis.project) if unclear else ""


def _values(module: Module) -> Iterator[tuple[bool, ast.expr]]:
    """Yield what may hold the setting, and whether it certainly belongs to an application registration."""
    for call in module.calls:
        name = known.callee(call)
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if name.endswith(_APPLICATIONS) or (name == "register" and "client_secret" in given):
            yield from ((True, value) for value in (*call.args, *given.values()))
        elif "audience" in given:
            # Tokens are checked for whom they are issued to: ``jwt.decode(token, key, audience=…)``.
            yield False, given["audience"]
    # What is posted for a token: ``{"grant_type": "authorization_code", "client_secret": …}``.
    for node in ast.walk(module.tree) if b"grant_type" in module.source.text else ():
        if isinstance(node, ast.Dict) and entry(node, "grant_type") is not None:
            values = (entry(node, key) for key in ("client_secret", "client_id"))
            yield from ((False, value) for value in values if value is not None)


def _settings(module: Module, value: ast.expr, analysis: Analysis) -> tuple[set[str], bool]:
    """Return the settings that a value comes from, in capitals, and whether it is known where it comes from."""
    origins = analysis.tracer.trace(module, value).origins
    unclear = any(
        origin.kind in ("call", "opaque", "parameter") or (origin.kind == "environment" and not origin.name)
        for origin in origins
    )
    names = {origin.name.upper() for origin in origins}
    # ``f"api://{settings.AZURE_CLIENT_ID}"``.
    texts = [ast.unparse(o.node) for o in origins if o.kind == "template" and isinstance(o.node, ast.expr)]
    return names | {name for name in _NAMES for text in texts if name in text.upper()}, not unclear


def _read_around(module: Module, project: Project) -> str:
    """Return which of the settings the code of a program reads, when nothing but a registration can be meant."""
    root = _root(project, module.path)
    texts = [project.code_text(path) for path in project.code if _root(project, path) == root]
    if any(map(_PRINCIPAL.search, texts)):
        return ""
    found = {(match[1] or match[2]).decode().upper() for text in texts for match in _READ.finditer(text)}
    return next((name for name in _NAMES if name in found), "")


def _root(project: Project, path: str) -> str:
    """Return the folder of the program that a module belongs to: the nearest with a manifest."""
    return next((folder for folder in folders_around(path) if manifests_in(project, folder)), "")
