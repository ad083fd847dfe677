from __future__ import annotations

import os

import redis

cache = redis.Redis(
    host=os.environ["AZURE_REDIS_HOST"],
    port=int(os.environ["AZURE_REDIS_PORT"]),
    password=os.environ["AZURE_REDIS_KEY"],
    ssl=True,
    ssl_ca_certs=os.environ["SSL_CERT_FILE"],
)
cache.set("answer", "42")
print(cache.get("answer").decode())
