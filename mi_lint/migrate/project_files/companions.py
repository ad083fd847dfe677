"""What changes beside the Python files: manifests gain azure-identity, samples of settings gain the new names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.project_files.floors import raised_pins
from mi_lint.migrate.project_files.installs import brought
from mi_lint.migrate.project_files.manifests import AIOHTTP, IDENTITY, REDIS, Requirement
from mi_lint.migrate.project_files.packages import SENDING, Packages
from mi_lint.migrate.project_files.settings_files import setting_changes
from mi_lint.python.facts import Module
from mi_lint.python.imported import imported_words
from mi_lint.python.project import Project
from mi_lint.python.site import Site

_NEEDED = ((b"azure.identity", IDENTITY), (b"redis_entraid", REDIS))
# Clients of OpenAI and the libraries above it work without aiohttp, and so do those of the Azure SDK that speak AMQP;
# its other asynchronous clients have it.
_ASYNC_PROVIDER = re.compile(rb"azure\.identity\.aio\s+import\s+(?:\([^)]*|[^\n]*)\bget_bearer_token_provider")
_ASYNC = re.compile(rb"azure\.identity\.aio\b")
_AMQP = frozenset({"azure-eventhub", "azure-servicebus"})
# The Functions host reads it too, whatever the code does.
HOST_SETTINGS = frozenset({"AzureWebJobsStorage"})

# What calls without a client of an SDK come with: that, or what takes a configuration of Azure OpenAI.
_WITHOUT_CLIENT = SENDING | {"autogen", "mem0"}


def companion_changes(
    project: Project,
    rewrites: Sequence[tuple[Site, Rewritten]],
    still_read: frozenset[str],
    texts: Mapping[str, bytes],
    places: Packages,
    every: Sequence[tuple[Site, Rewritten]] = (),
) -> list[Change]:
    """Return the changes to other files that some rewrites bring with them.

    ``texts`` are the new modules, ``places`` knows where they get their packages; all rewrites are ``every`` one.
    """
    changes: list[Change] = []
    packages: dict[str, set[str]] = {}
    modules: dict[str, Module] = {}
    for site, rewrite in rewrites:
        packages.setdefault(site.module.path, set()).update(packages_of(site))
        modules.setdefault(site.module.path, site.module)
        changes += raised_pins(site, rewrite, project)
    for path, names in packages.items():
        needed = _needed(texts.get(path, b""), project.text(path), names)
        installed = _installed(modules[path], texts.get(path, b""), project.text(path), needed)
        changes += places.changes(path, names, needed, installed)
    renamed = _renamed(every or rewrites)
    for path in packages:
        if path in renamed:
            changes += setting_changes(project, path, renamed, still_read | HOST_SETTINGS)
    return changes


def _renamed(rewrites: Sequence[tuple[Site, Rewritten]]) -> dict[str, dict[str, dict[str, str]]]:
    """Return for each module its old settings, with the new ones that take their place and an example of each."""
    renamed: dict[str, dict[str, dict[str, str]]] = {}
    for site, rewrite in rewrites:
        examples = dict(rewrite.settings)
        for old, new in rewrite.renamed:
            told = renamed.setdefault(site.module.path, {}).setdefault(old, {})
            told[new] = examples.pop(new, "")
            # What else the connection string said, such as the name of an event hub.
            told.update(examples if len(rewrite.renamed) == 1 else {})
    return renamed


def _needed(text: bytes, before: bytes, packages: set[str]) -> list[Requirement]:
    """Return the packages that a new module, which uses others, imports and that may be missing."""
    needed = [requirement for word, requirement in _NEEDED if word in text]
    credential = _ASYNC if packages & _AMQP else _ASYNC_PROVIDER
    newly_async = credential.search(text) and not credential.search(before)
    return [AIOHTTP, *needed] if newly_async else needed


def _installed(module: Module, text: bytes, before: bytes, needed: Sequence[Requirement]) -> set[str]:
    """Return the packages that are there already: the code imports them, or a notebook installs them itself."""
    imported = {requirement.name for word, requirement in _NEEDED if word in before}
    return imported | brought(module, text, [requirement.name for requirement in needed])


def packages_of(site: Site) -> set[str]:
    """Return the packages whose clients a site makes."""
    found = {call.client.package for call in site.consumers}
    if "package" in site.data:
        found.add(site.data["package"])
    if site.call is not None:
        found.add(site.call.client.package)
    if not found and site.family in ("rest_headers", "llm_configs"):
        words = imported_words(site.module.source.text).decode("utf-8", "replace")
        found = set(_WITHOUT_CLIENT.intersection(words.split()))
    return found
