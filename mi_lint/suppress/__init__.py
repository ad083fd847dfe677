"""Why a finding is not shown: a comment in the source, or a fingerprint in a file beside it.

`apply` is imported only for a file with findings; `mentions` is cheap enough for every file.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

OWN_ANCHOR: Final = b"mi-lint:"
_FOREIGN_ANCHORS: Final = (b"pragma:", b"gitleaks:allow")


def mentions(data: bytes, *, foreign: bool = True) -> bool:
    """Tell cheaply whether a text may hold a suppression."""
    return OWN_ANCHOR in data or (foreign and any(anchor in data for anchor in _FOREIGN_ANCHORS))
