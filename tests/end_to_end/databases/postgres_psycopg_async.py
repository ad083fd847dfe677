from __future__ import annotations

import asyncio
import os

import psycopg


async def main():
    for _ in range(2):
        connection = await psycopg.AsyncConnection.connect(
            host=os.environ["AZURE_POSTGRES_HOST"],
            port=os.environ["AZURE_POSTGRES_PORT"],
            user=os.environ["AZURE_POSTGRES_USER"],
            password=os.environ["AZURE_POSTGRES_PASSWORD"],
            dbname="postgres",
        )
        cursor = await connection.execute("SELECT current_user")
        print((await cursor.fetchone())[0])
        await connection.close()


asyncio.run(main())
