"""Keys that are handed to a service, which calls another one with them: its own managed identity takes their place.

https://learn.microsoft.com/azure/search/search-how-to-managed-identities
"""

from __future__ import annotations

import ast

from mi_lint.migrate.branching import dual
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.site import ClientCall, Site

DESCRIPTION = "let {} authenticate with its own managed identity"
_NOTE_DESCRIPTION = "{} authenticates there with an identity of its own: turn it on and give it the role {}"
_CONNECTION = {
    "db_datareader": (
        "name the database by its id, 'Database=…;ResourceId=/subscriptions/…/Microsoft.Sql/servers/…;', and make the "
        "identity of the search service a user of it with the role db_datareader"
    ),
    "Cosmos DB Built-in Data Reader": (
        "name the account by its id, 'ResourceId=/subscriptions/…/Microsoft.DocumentDB/databaseAccounts/…;Database=…;"
        "IdentityAuthType=AccessToken', and give the identity of the search service Cosmos DB Account Reader Role and "
        "Cosmos DB Built-in Data Reader there"
    ),
}
_STORAGE = (
    "name the account by its id, 'ResourceId=/subscriptions/…/Microsoft.Storage/storageAccounts/…;', and give the "
    "identity of the search service the role {}"
)
DICTIONARY = "'{}' comes from a dictionary; take it out there by hand"


def note(service: str, role: str) -> str:
    """Return what has to be there before a service can authenticate itself."""
    return _NOTE_DESCRIPTION.format(service, role)


def connection(role: str) -> str:
    """Return what takes the place of a connection string, by the role with which the data is read."""
    return _CONNECTION.get(role) or _STORAGE.format(role)


def rewritten(site: Site, changes: tuple[Change, ...], imports: tuple[tuple[str, str], ...] = ()) -> Rewritten:
    """Return the rewrite of a site whose data names the service and the role."""
    service, role = site.data["service"], site.data["role"]
    return Rewritten(changes, DESCRIPTION.format(service), note=note(service, role), imports=imports)


def outcome(site: Site, call: ClientCall, changes: tuple[Change, ...]) -> Outcome:
    """Return what becomes of a call whose key the changes take out."""
    client = call.client
    what = DESCRIPTION.format(client.service)
    rewrite = Rewritten(changes, what, note=note(client.service, client.role))
    identity = call.arguments.get(client.token)
    chosen = identity is not None and not (isinstance(identity, ast.Constant) and identity.value is None)
    return HeldBack(dual.REASON, rewrite) if chosen or _is_without(site) else rewrite


def _is_without(site: Site) -> bool:
    """Whether the call passes no key on another way."""
    value = site.secret
    return isinstance(value, ast.IfExp) and any(
        isinstance(branch, ast.Constant) and branch.value is None for branch in (value.body, value.orelse)
    )
