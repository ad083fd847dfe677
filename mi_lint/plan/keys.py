"""Who still opens a resource with its key: until nobody does, keys are not turned off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mi_lint.migrate.outcome import Outcome, Rewritten
from mi_lint.plan.settings import place
from mi_lint.python.known import is_test

if TYPE_CHECKING:
    from mi_lint.plan.model import Resource
    from mi_lint.python.site import ClientCall, Site

_STORAGE = "Microsoft.Storage/"
# Calls that do not tell which resource they reach, by their family: they hold up all resources of the type.
_TYPES = {
    "sas": _STORAGE,
    "storage_options": _STORAGE,
    "spark": _STORAGE,
    "django_storages": _STORAGE,
    "kafka_clients": "Microsoft.EventHub/",
    "mongo_clients": "Microsoft.DocumentDB/",
    "openai_module": "Microsoft.CognitiveServices/",
    "llm_configs": "Microsoft.CognitiveServices/",
}
# By the first word of the role that takes the place of a key.
_OF_ROLES = {"Search": "Microsoft.Search/", "Storage": _STORAGE, "Cosmos": "Microsoft.DocumentDB/"}
# Those of applications open no resource by its key, and databases have passwords, which are told with their connection.
_NO_KEYS = frozenset({"MI205", "MI207", "MI210", "MI211", "MI212"})


def in_use(
    sites: Iterable[Site],
    outcomes: Mapping[Site, Outcome],
    reached: Mapping[ClientCall | Site, set[str]],
    resources: Mapping[str, Resource],
) -> Iterator[tuple[str, str]]:
    """Yield resources with the places that go on using a key of theirs after the migration.

    ``reached`` are the resources that clients and other calls reach, by their keys.
    """
    for site in sites:
        keyed = site.check.startswith("MI2") and site.check not in _NO_KEYS
        if isinstance(outcomes.get(site), Rewritten) or not keyed or is_test(site.module.path):
            continue
        calls = [call for call in (site.call, *site.consumers) if call is not None]
        parts: list[ClientCall | Site] = [site, *calls]
        keys = {key for part in parts for key in reached.get(part, ())}
        handed_on = site.client is not None and site.client.delegated
        type_ = _type(site) if not keys and (handed_on or not calls) else ""
        keys |= {key for key, resource in resources.items() if type_ and resource.type.startswith(type_)}
        yield from ((key, place(site)) for key in sorted(keys))


def _type(site: Site) -> str:
    client = site.client
    role = site.data.get("role") or (client.role if client is not None and client.delegated else "")
    if role:
        return _OF_ROLES.get(role.partition(" ")[0], "Microsoft.CognitiveServices/")
    return _TYPES.get(site.family, "")
