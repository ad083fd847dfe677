"""Hand work on, without blocking."""

from __future__ import annotations

import asyncio
import contextlib
import os

from azure.core.exceptions import ResourceExistsError
from azure.storage.queue.aio import QueueClient

QUEUE = QueueClient.from_connection_string(os.environ["STORAGE_CONNECTION_STRING"], "parcels")


async def main() -> None:
    async with QUEUE:
        with contextlib.suppress(ResourceExistsError):
            await QUEUE.create_queue()
        await QUEUE.send_message("parcel 9")
        async for message in QUEUE.receive_messages():
            print(message.content)
            await QUEUE.delete_message(message)


asyncio.run(main())
