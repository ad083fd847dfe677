from __future__ import annotations

import asyncio
import os

from redis.asyncio import from_url

KEY = os.environ["AZURE_REDIS_KEY"]


async def main():
    cache = from_url(
        f"rediss://:{KEY}@{os.environ['AZURE_REDIS_HOST']}:{os.environ['AZURE_REDIS_PORT']}/0",
        ssl_ca_certs=os.environ["SSL_CERT_FILE"],
    )
    await cache.set("answer", "42")
    print((await cache.get("answer")).decode())
    await cache.aclose()


asyncio.run(main())
