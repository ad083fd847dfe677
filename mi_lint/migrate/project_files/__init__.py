"""What follows the code: manifests, samples of settings, documents, tests that replace what is gone."""

from __future__ import annotations
