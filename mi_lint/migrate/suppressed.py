"""Sites whose finding a scan would suppress: somebody has decided that their code stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

from mi_lint import suppress
from mi_lint.migrate.session import Session
from mi_lint.model import Finding, Notification
from mi_lint.python.site import Site
from mi_lint.sources.decoding import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mi_lint.configuration.settings import Config
    from mi_lint.suppress.ignore_file import IgnoreFile


def suppressed(
    session: Session, sites: Sequence[Site], config: Config, found: Sequence[Finding] | None = None
) -> set[Site]:
    """Return the sites that a comment or the ignore file suppresses; ``found`` are their findings, if known.

    Comments that are wrong become notifications of the project, unless the caller has the findings and tells.
    """
    options = suppress.Options(extra_rules=config.rules, foreign=False)
    ignored = _ignore_file(config)
    by_path: dict[str, list[int]] = {}
    for number, site in enumerate(sites):
        by_path.setdefault(site.module.path, []).append(number)
    hidden: set[Site] = set()
    for path, numbers in by_path.items():
        raw = session.original(path)
        if ignored is None and not suppress.mentions(raw, foreign=False):
            continue
        own = [sites[number] for number in numbers]
        known = [found[number] for number in numbers] if found is not None else _findings(session, own, config)
        document = decode(path, raw)
        weighed, notes = (known, []) if isinstance(document, str) else suppress.apply(document, known, options)
        if found is None:
            session.project.notifications += [Notification(*note) for note in dict.fromkeys(notes)]
        if ignored is not None:
            weighed = ignored.apply(weighed)
        hidden |= {site for site, finding in zip(own, weighed, strict=True) if finding.suppression is not None}
    return hidden


def _ignore_file(config: Config) -> IgnoreFile | None:
    from mi_lint.suppress.ignore_file import IgnoreFile

    return IgnoreFile.load(config.ignore_file) if config.ignore_file else None


def _findings(session: Session, sites: Sequence[Site], config: Config) -> list[Finding]:
    from mi_lint.python.findings import findings
    from mi_lint.rulebook.load import rulebook
    from mi_lint.secrets.hiding import Hiding

    return findings(sites, rulebook(config.rules).rules, session.project.text, Hiding(config.rules).redact)
