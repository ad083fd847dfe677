"""What a rewriter gets: the module, the analysis, the credential to use, and the names of settings."""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.credential.credentials import Credentials
from mi_lint.migrate.editing.calls import CallEditor
from mi_lint.migrate.editing.changes import Change
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site
from mi_lint.rulebook.client import Client

# What the name of a setting that holds a connection string ends in; the new name takes the ending's place.
CONNECTION_ENDINGS = re.compile(
    r"(?P<sep>_{0,2}|-)(?:CONNECTION_?STRING|CONNECTION_?UR[LI]|CONN(?:ECT)?_?STR(?:ING)?|CONNECTION_?STR|CONNECTION|CONNSTR|CONN|CS)$",
    re.IGNORECASE,
)


# https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
FUNCTIONS_SUFFIXES = {
    "BLOB_ENDPOINT": "blobServiceUri",
    "QUEUE_ENDPOINT": "queueServiceUri",
    "TABLE_ENDPOINT": "tableServiceUri",
    "FULLY_QUALIFIED_NAMESPACE": "fullyQualifiedNamespace",
    "COSMOS": "accountEndpoint",
}


class Context:
    """One module on its way to being rewritten."""

    def __init__(self, module: Module, analysis: Analysis, credential: str = "") -> None:
        self.module = module
        self.analysis = analysis
        self.credentials = Credentials(module, credential)

    def editor(self, node: ast.Call) -> CallEditor:
        """Return a call ready to be changed. Raises `UnreadableCallError`."""
        return CallEditor(self.module.source, node)

    def credential(self, site: Site, is_async: bool = False) -> str:
        """Return code for a token credential at a site."""
        return self.credentials.credential(site.node, is_async)

    def provider(self, site: Site, is_async: bool, scope: str) -> str:
        """Return code for a token provider at a site."""
        return self.credentials.provider(site.node, is_async, scope)

    def setting(self, old: str, client: Client) -> str:
        """Return the name of the setting that holds a client's endpoint instead of a connection string.

        A connection of Azure Functions keeps its name and gets the suffix that the Functions host itself reads.
        """
        suffix = FUNCTIONS_SUFFIXES.get(client.endpoint.setting if client.package != "azure-cosmos" else "COSMOS")
        if suffix and self._is_functions_connection(old):
            return f"{old}__{suffix}"
        return setting_name(old, client.endpoint.setting)

    def _is_functions_connection(self, name: str) -> bool:
        if name == "AzureWebJobsStorage":
            return True
        quoted = [f'connection="{name}"', f"connection='{name}'"]
        return any(text.encode() in self.module.source.text for text in quoted)

    def replace(self, node: ast.AST, code: str) -> Change:
        """Return the change that puts code in the place of a node."""
        start, end = self.module.source.span(node)
        return Change(self.module.path, start, end, code)


def setting_name(old: str, ending: str) -> str:
    """Return the name of the setting that replaces a connection string, in the style of the old name.

    ``AZURE_STORAGE_CONNECTION_STRING`` becomes ``AZURE_STORAGE_BLOB_ENDPOINT``, ``ServiceBusConnection`` becomes
    ``ServiceBusFullyQualifiedNamespace``.
    """
    match = CONNECTION_ENDINGS.search(old)
    stem = old[: match.start()] if match else old
    first = ending.partition("_")[0].lower()
    upper = old.upper() == old
    snake = "_" in old or upper or old.lower() == old
    words = ending.split("_")
    if stem.lower().rstrip("_").endswith(first) and len(words) > 1:
        words = words[1:]
    if not snake:
        return stem + "".join(word.capitalize() for word in words)
    text = "_".join(words)
    joined = f"{stem.rstrip('_-')}_{text}" if stem else text
    return joined.upper() if upper else joined.lower() if old.lower() == old else joined
