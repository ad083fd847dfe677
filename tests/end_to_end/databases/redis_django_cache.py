from __future__ import annotations

import os

from django.conf import settings

HOST, PORT = os.environ["AZURE_REDIS_HOST"], os.environ["AZURE_REDIS_PORT"]
KEY = os.environ["AZURE_REDIS_KEY"]
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"rediss://:{KEY}@{HOST}:{PORT}/0",
        "OPTIONS": {"ssl_ca_certs": os.environ["SSL_CERT_FILE"]},
    }
}
settings.configure(CACHES=CACHES)

from django.core.cache import cache  # noqa: E402

cache.set("answer", 42)
print(cache.get("answer"))
