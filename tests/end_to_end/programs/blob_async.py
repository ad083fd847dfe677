"""Keep a report as a blob, without blocking."""

from __future__ import annotations

import asyncio
import contextlib
import os

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob.aio import BlobServiceClient


async def main() -> None:
    connection_string = os.getenv("STORAGE_CONNECTION_STRING")
    if not connection_string:
        raise SystemExit("STORAGE_CONNECTION_STRING is not set")
    async with BlobServiceClient.from_connection_string(connection_string) as service:
        container = service.get_container_client("reports")
        with contextlib.suppress(ResourceExistsError):
            await container.create_container()
        await container.upload_blob("2026.txt", b"all is well", overwrite=True)
        stream = await container.download_blob("2026.txt")
        print((await stream.readall()).decode())


asyncio.run(main())
