"""Hand work from one process to the next."""

from __future__ import annotations

import contextlib
import os

from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient, QueueServiceClient


def connect() -> QueueServiceClient:
    return QueueServiceClient.from_connection_string(conn_str=os.environ["STORAGE_CONNECTION_STRING"])


def producer() -> QueueClient:
    return QueueClient.from_connection_string(os.environ["STORAGE_CONNECTION_STRING"], "work")


with contextlib.suppress(ResourceExistsError):
    connect().create_queue("work")
producer().send_message("pack order 7")
queue = connect().get_queue_client("work")
for message in queue.receive_messages():
    print(message.content)
    queue.delete_message(message)
