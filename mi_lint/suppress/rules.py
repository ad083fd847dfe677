"""The rules that mi-lint has about its own use, described like those of the rule files."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from mi_lint.model import RuleInfo

UNUSED: Final = "MI001"
MESSAGE: Final = "Suppression comment that suppresses nothing ('{0}')."

# What selecting rules needs to know, in the shape of the rule table.
TABLE: Final[dict[str, dict[str, str]]] = {
    UNUSED: {"name": "UnusedSuppression", "audience": "off", "file": "", "service": "mi-lint"}
}


def builtin_rules() -> dict[str, RuleInfo]:
    """Return the descriptions of the built-in rules by id."""
    from mi_lint.model import Confidence, RuleInfo, Severity
    from mi_lint.rulebook.load import DOCUMENTATION

    summary = (
        "A suppression comment that suppresses nothing: the credential is gone, the rule no longer reports it, or the "
        "comment never stood where it works. It would hide the next credential that is written there."
    )
    way_out = "Delete the comment, or take the rule out of its list."
    guide = DOCUMENTATION.replace("rules.md", "suppression.md")
    return {
        UNUSED: RuleInfo(
            id=UNUSED,
            name=TABLE[UNUSED]["name"],
            title="Suppression comment that suppresses nothing",
            service=TABLE[UNUSED]["service"],
            severity=Severity.LOW,
            confidence=Confidence.VERY_HIGH,
            everyday=True,
            enabled=False,
            cwe=(),
            summary=summary,
            help_text=f"{summary}\n\nWay out: {way_out}\n\nSee: {guide}",
            help_markdown=f"{summary}\n\n**Way out.** {way_out}\n\n**References**\n\n- <{guide}>",
            help_uri=f"{DOCUMENTATION}#{UNUSED.lower()}",
            tags=("maintainability", "suppression"),
            messages=(("default", MESSAGE),),
            references=(guide,),
        )
    }
