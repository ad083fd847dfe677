"""The file that detect-secrets loads: ``detect-secrets scan -p "$(python -m mi_lint.secrets.plugins)"``.

detect-secrets registers every plugin class in the module's namespace, so nothing but the detectors may stand there.
"""

from __future__ import annotations

import mi_lint.secrets.detectors as _detectors

globals().update({_class.__name__: _class for _class in _detectors.detector_classes().values()})

if __name__ == "__main__":
    print(__file__)
