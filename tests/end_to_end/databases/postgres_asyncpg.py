from __future__ import annotations

import asyncio
import os

import asyncpg


async def main():
    pool = await asyncpg.create_pool(
        host=os.environ["AZURE_POSTGRES_HOST"],
        port=os.environ["AZURE_POSTGRES_PORT"],
        user=os.environ["AZURE_POSTGRES_USER"],
        password=os.environ["AZURE_POSTGRES_PASSWORD"],
        database="postgres",
        min_size=2,
        max_size=2,
    )
    async with pool.acquire() as first, pool.acquire() as second:
        for connection in (first, second):
            print(await connection.fetchval("SELECT current_user"))
    await pool.close()


asyncio.run(main())
