"""Count visits in a table, without blocking."""

from __future__ import annotations

import asyncio
import os

from azure.data.tables.aio import TableServiceClient


async def main() -> None:
    service = TableServiceClient.from_connection_string(os.environ["STORAGE_CONNECTION_STRING"])
    async with service:
        table = await service.create_table_if_not_exists("guests")
        await table.upsert_entity({"PartitionKey": "page", "RowKey": "home", "guests": 5})
        print((await table.get_entity("page", "home"))["guests"])


asyncio.run(main())
