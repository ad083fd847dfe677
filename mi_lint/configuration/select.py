"""Which rules run: selectors, and how several of them are weighed.

A selector is ``ALL``, the stem of a rule file (``storage``), the beginning of an id (``MI1``), an id or a name. As in
ruff, the more specific selector wins, and what the command line says comes after what the file says.
"""

from __future__ import annotations

import re

from mi_lint.configuration.errors import ConfigError, printable, suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from mi_lint.configuration.settings import Config
    from mi_lint.sources.ignore import Patterns

_EXACT = 100
_SERVICE = 1
_ID_BEGINNING = re.compile(r"[A-Z]{2,8}[0-9]{0,6}")


class Selection:
    """The enabled rules, and those among them that were asked for by their own id or name."""

    __slots__ = ("enabled", "explicit")

    def __init__(self, enabled: frozenset[str], explicit: frozenset[str]) -> None:
        self.enabled = enabled
        self.explicit = explicit


class Catalogue:
    """The rules there are, by everything that can select them."""

    def __init__(self, rules: Mapping[str, Mapping[str, Any]]) -> None:
        """``rules`` is the rule table of `mi_lint.rulebook.store`, with the built-in rules."""
        self._names = {str(rule["name"]).casefold(): identity for identity, rule in rules.items()}
        self._services: dict[str, set[str]] = {}
        for identity, rule in rules.items():
            stem = str(rule["file"]).rpartition(".")[0].casefold()
            self._services.setdefault(stem, set()).add(identity)
        self.ids = frozenset(rules)
        self.default = frozenset(identity for identity, rule in rules.items() if rule["audience"] != "off")
        self._words = [*rules, *(str(rule["name"]) for rule in rules.values()), *filter(None, self._services), "ALL"]

    def find(self, selector: str, where: str) -> tuple[int, frozenset[str]]:
        """Return how specific a selector is and the rules it means. Raises `ConfigError` when it means none."""
        word = selector.strip()
        upper = word.upper()
        if upper == "ALL":
            return 0, self.ids
        if upper in self.ids:
            return _EXACT, frozenset((upper,))
        if word.casefold() in self._names:
            return _EXACT, frozenset((self._names[word.casefold()],))
        if _ID_BEGINNING.fullmatch(upper):
            matching = frozenset(identity for identity in self.ids if identity.startswith(upper))
            if matching:
                return _SERVICE + len(upper), matching
        if word.casefold() in self._services:
            return _SERVICE, frozenset(self._services[word.casefold()])
        # The nearest id is another rule, not what was meant.
        hint = "" if any(character.isdigit() for character in word) else suggestion(word, self._words)
        raise ConfigError(f"{where}: no rule is called '{printable(selector)}'{hint or '; `mi-lint rules` lists them'}")

    def resolve(self, selectors: Iterable[str], where: str) -> frozenset[str]:
        """Return the rules that any of the selectors means."""
        return frozenset().union(*(self.find(selector, where)[1] for selector in selectors))


def select(config: Config, catalogue: Catalogue) -> Selection:
    """Return the rules that the settings enable. Raises `ConfigError` for a selector without a rule."""
    enabled = catalogue.default
    explicit: frozenset[str] = frozenset()
    for layer in config.layers:
        if layer.select:
            enabled = explicit = frozenset()
        on = _ranks(catalogue, [*layer.select, *layer.extend_select], _place(layer.where, "select", "extend-select"))
        off = _ranks(catalogue, layer.ignore, _place(layer.where, "ignore"))
        gained = frozenset(rule for rule, rank in on.items() if rank > off.get(rule, -1))
        lost = frozenset(rule for rule in off if rule not in gained)
        enabled = (enabled | gained) - lost
        explicit = (explicit | {rule for rule in gained if on[rule] == _EXACT}) - lost
    for glob, selectors in config.per_path_ignores.items():
        catalogue.resolve(selectors, f"{config.origins['per-path-ignores']}: 'per-path-ignores', '{printable(glob)}'")
    return Selection(enabled, explicit)


def _place(where: Mapping[str, str], *keys: str) -> str:
    found = [f"{where[key]}: '{key}'" for key in keys if key in where]
    return found[0] if found else "settings"


def _ranks(catalogue: Catalogue, selectors: Sequence[str], where: str) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for selector in selectors:
        rank, rules = catalogue.find(selector, where)
        for rule in rules:
            ranks[rule] = max(rank, ranks.get(rule, 0))
    return ranks


class PathIgnores:
    """``per-path-ignores``: rules that are not used in paths that match a glob of ``.gitignore``'s language."""

    def __init__(self, config: Config, catalogue: Catalogue) -> None:
        from mi_lint.sources.ignore import Patterns

        self._entries = [
            (Patterns([glob]), catalogue.resolve(rules, f"per-path-ignores, '{glob}'"))
            for glob, rules in config.per_path_ignores.items()
        ]

    def __call__(self, path: str, rule: str) -> bool:
        """Tell whether a rule is off in one file."""
        return rule in self.ignored(path)

    def ignored(self, path: str) -> frozenset[str]:
        """Return the rules that are off in one file; ``path`` is relative to the configuration's folder."""
        return frozenset().union(*(rules for patterns, rules in self._entries if _match(patterns, path)))


def _match(patterns: Patterns, path: str) -> bool:
    """Tell whether a glob matches a file or one of the folders above it."""
    parts = path.split("/")
    return any(
        patterns.decide("/".join(parts[: depth + 1]), name, depth < len(parts) - 1) for depth, name in enumerate(parts)
    )


def catalogue(extra: Sequence[str] = ()) -> Catalogue:
    """Return all rules that can be selected: shipped, the user's own, and built in. Raises `RuleFileError`."""
    from mi_lint.rulebook import store
    from mi_lint.suppress.rules import TABLE

    return Catalogue({**TABLE, **store.rule_table(extra)})
