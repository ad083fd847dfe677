from __future__ import annotations

import datetime as dt
import json
import logging
import logging.handlers
import os

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient, ContainerClient

CONTAINER = "logs"


class BlobLogHandler(logging.handlers.BufferingHandler):
    """Collect records and append them to the blob of the day, one JSON object per line."""

    def __init__(self, container: ContainerClient, app: str, capacity: int = 100) -> None:
        super().__init__(capacity)
        self._container = container
        self._app = app

    def shouldFlush(self, record: logging.LogRecord) -> bool:  # noqa: N802 (the name is logging's)
        return record.levelno >= logging.ERROR or super().shouldFlush(record)

    def flush(self) -> None:
        self.acquire()
        try:
            records, self.buffer = self.buffer, []
        finally:
            self.release()
        if not records:
            return
        lines = "".join(self._line(record) for record in records)
        blob = self._container.get_blob_client(f"{self._app}/{dt.date.today().isoformat()}.jsonl")
        if not blob.exists():
            blob.create_append_blob()
        blob.append_block(lines.encode("utf-8"))

    def _line(self, record: logging.LogRecord) -> str:
        moment = dt.datetime.fromtimestamp(record.created, tz=dt.timezone.utc)
        entry = {
            "time": moment.isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "text": record.getMessage(),
        }
        return json.dumps(entry) + "\n"


def configure(app: str) -> None:
    """Send the log of this process to the shared storage account; locally, without one, to the terminal."""
    logging.basicConfig(level=logging.INFO)
    connection_string = os.environ.get("LOG_STORAGE_CONNECTION_STRING")
    if not connection_string:
        return
    # azure-core logs each request: without this line the handler would log its own uploads for ever.
    logging.getLogger("azure").setLevel(logging.WARNING)
    service = BlobServiceClient.from_connection_string(connection_string)
    container = service.get_container_client(CONTAINER)
    try:
        container.create_container()
    except ResourceExistsError:
        logging.getLogger(__name__).debug("container %s is there", CONTAINER)
    logging.getLogger().addHandler(BlobLogHandler(container, app))
