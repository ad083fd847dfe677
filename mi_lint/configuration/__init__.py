"""The user's settings: found, checked, merged with the command line.

A run without a configuration file pays for a few failed `open` calls; a TOML reader is only imported for a file that
mentions mi-lint.
"""

from __future__ import annotations

from mi_lint.configuration.errors import ConfigError
from mi_lint.configuration.settings import Config, load

__all__ = ["Config", "ConfigError", "load"]
