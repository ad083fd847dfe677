from __future__ import annotations

import asyncio
import os

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

url = URL.create(
    "postgresql+asyncpg",
    username=os.environ["AZURE_POSTGRES_USER"],
    password=os.environ["AZURE_POSTGRES_PASSWORD"],
    host=os.environ["AZURE_POSTGRES_HOST"],
    port=int(os.environ["AZURE_POSTGRES_PORT"]),
    database="postgres",
)
engine = create_async_engine(url, poolclass=NullPool)


async def main():
    for _ in range(2):
        async with engine.connect() as connection:
            print((await connection.execute(text("SELECT current_user"))).scalar())


asyncio.run(main())
