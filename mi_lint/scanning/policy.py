"""What a run looks for and what it shows, worked out from the settings."""

from __future__ import annotations

import os

from mi_lint.configuration.options import CONFIDENCES, SEVERITIES
from mi_lint.rulebook import store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mi_lint.configuration.select import PathIgnores
    from mi_lint.configuration.settings import Config
    from mi_lint.detect_secrets_baseline import DetectSecretsBaseline
    from mi_lint.rulebook.compiled import MatchTable


class Policy:
    """What a run shows. Numbers are positions in the order of severities and confidences.

    ``enabled`` are the rules that look at all, ``explicit`` those that the user named: they show what is too uncertain
    for every day too. ``path_ignores`` are the exceptions for some paths below
    ``path_prefix``; ``accepted`` is a detect-secrets baseline;
    ``python`` looks at code; ``foreign`` heeds the suppression comments of other tools.
    """

    __slots__ = (
        "accepted", "enabled", "explicit", "extra_rules", "foreign", "min_confidence", "min_severity", "path_ignores",
        "path_prefix", "python", "report_unused", "thorough",
    )  # fmt: skip

    def __init__(
        self,
        enabled: frozenset[str],
        *,
        explicit: frozenset[str] = frozenset(),
        thorough: bool = False,
        min_severity: int = 0,
        min_confidence: int = 0,
        extra_rules: tuple[str, ...] = (),
        path_ignores: PathIgnores | None = None,
        path_prefix: str = "",
        accepted: DetectSecretsBaseline | None = None,
        foreign: bool = True,
        report_unused: bool = False,
        python: bool = False,
    ) -> None:
        self.python = python
        self.enabled = enabled
        self.explicit = explicit
        self.thorough = thorough
        self.min_severity = min_severity
        self.min_confidence = min_confidence
        self.extra_rules = extra_rules
        self.path_ignores = path_ignores
        self.path_prefix = path_prefix
        self.accepted = accepted
        self.foreign = foreign
        self.report_unused = report_unused

    def shows(self, everyday: bool, severity: int, confidence: int, rule: str) -> bool:
        """Tell whether this run shows a finding of a rule with this weight."""
        if severity < self.min_severity or confidence < self.min_confidence:
            return False
        return everyday or self.thorough or rule in self.explicit

    def enabled_in(self, path: str) -> frozenset[str]:
        """Return the rules that look at a file."""
        if self.path_ignores is None or not path.startswith(self.path_prefix):
            return self.enabled
        return self.enabled - self.path_ignores.ignored(path[len(self.path_prefix) :])


def prefix_of(config: Config, root: str) -> str:
    """Return the path from the root of a scan to the configuration's folder, with a slash, or nothing."""
    relative = os.path.relpath(config.root or root, root).replace(os.sep, "/")
    return "" if relative == "." or relative.startswith("../") else relative + "/"


def excludes_of(config: Config, root: str) -> list[str]:
    """Return the patterns of ``exclude``, which are relative to the configuration's folder, relative to the root."""
    prefix = prefix_of(config, root)
    if not prefix or not config.exclude:
        return config.exclude
    patterns = []
    for pattern in config.exclude:
        sign, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
        anchored = "/" in body.rstrip("/")
        patterns.append(f"{sign}/{prefix}{body.lstrip('/') if anchored else '**/' + body}")
    return patterns


def policy_of(config: Config, table: MatchTable, root: str) -> Policy:
    """Translate settings to what a scanner needs to know. Raises `ConfigError` for a rule that does not exist."""
    report_unused = config.report_unused_suppressions
    explicit: frozenset[str] = frozenset()
    path_ignores = None
    if config.layers or config.per_path_ignores:
        from mi_lint.configuration.select import Catalogue, PathIgnores, select
        from mi_lint.suppress.rules import TABLE, UNUSED

        catalogue = Catalogue({**store.rule_table(config.rules), **TABLE})
        selection = select(config, catalogue)
        enabled, explicit = selection.enabled, selection.explicit
        report_unused = report_unused or UNUSED in enabled
        if config.per_path_ignores:
            path_ignores = PathIgnores(config, catalogue)
    else:
        secrets = frozenset(form.rule for form in table.forms if form.audience != "off")
        enabled = secrets | {check for check, audience in table.checks.items() if audience != "off"}
    return Policy(
        enabled,
        explicit=explicit,
        thorough=config.thorough,
        min_severity=SEVERITIES.index(config.min_severity),
        min_confidence=CONFIDENCES.index(config.min_confidence),
        extra_rules=tuple(config.rules),
        path_ignores=path_ignores,
        path_prefix=prefix_of(config, root) if path_ignores is not None else "",
        foreign=config.honour_foreign_suppressions,
        report_unused=report_unused,
        python=not enabled.isdisjoint(table.checks),
    )
