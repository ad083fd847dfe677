"""`python -m mi_lint` is `mi-lint`."""

from __future__ import annotations

from mi_lint.cli.main import run

if __name__ == "__main__":
    run()
