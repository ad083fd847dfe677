"""Ship the log lines of a web app to append blobs: ``logs/<app>/<day>.jsonl`` in one storage account."""

from __future__ import annotations

from logship.handler import BlobLogHandler, configure

__all__ = ["BlobLogHandler", "configure"]
