"""Why a finding is not shown: a comment in the source, or a fingerprint in a file beside it.

This module is cheap to import; the work is in `matching`, which is loaded for the first file that needs it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Final

    from mi_lint.model import Finding
    from mi_lint.sources.decoding import Document

    Note = tuple[str, str, str]  # id, text, path of a notification

OWN_ANCHOR: Final = b"mi-lint:"
_FOREIGN_ANCHORS: Final = (b"pragma:", b"gitleaks:allow")


class Options:
    """What suppressions may do in a run.

    ``enabled`` are the rules that run: a suppression of another one cannot be called unused. ``foreign`` heeds the
    marks of detect-secrets and gitleaks; ``report_unused`` makes findings of rule MI001.
    """

    __slots__ = ("_names", "enabled", "extra_rules", "foreign", "report_unused")

    def __init__(
        self,
        *,
        extra_rules: Sequence[str] = (),
        enabled: Collection[str] | None = None,
        foreign: bool = True,
        report_unused: bool = False,
    ) -> None:
        self.extra_rules = tuple(extra_rules)
        self.enabled = enabled
        self.foreign = foreign
        self.report_unused = report_unused
        self._names: dict[str, str] | None = None

    @property
    def names(self) -> dict[str, str]:
        """The ids of all rules by id and name, in lower case."""
        if self._names is None:
            from mi_lint.rulebook import store
            from mi_lint.suppress.rules import TABLE

            rules = {**TABLE, **store.rule_table(self.extra_rules)}
            self._names = {str(rule["name"]).casefold(): identity for identity, rule in rules.items()}
            self._names.update((identity.casefold(), identity) for identity in rules)
        return self._names


def mentions(data: bytes, *, foreign: bool = True) -> bool:
    """Tell cheaply whether a text may hold a suppression."""
    return OWN_ANCHOR in data or (foreign and any(anchor in data for anchor in _FOREIGN_ANCHORS))


def apply(document: Document, findings: list[Finding], options: Options) -> tuple[list[Finding], list[Note]]:
    """Return the findings, with their suppression set where a comment says so, and notes about wrong comments.

    Give all findings of the document, before unimportant ones are left out: only then is it known which comment is
    unused. With ``report_unused`` these are findings too.
    """
    if not (findings or options.report_unused) or not mentions(document.data, foreign=options.foreign):
        return findings, []
    from mi_lint.suppress.matching import Page

    return Page(document, findings, options).outcome()
