from __future__ import annotations

import os

from psycopg_pool import ConnectionPool

URL = (
    f"postgresql://{os.environ['AZURE_POSTGRES_USER']}:{os.environ['AZURE_POSTGRES_PASSWORD']}"
    f"@{os.environ['AZURE_POSTGRES_HOST']}:{os.environ['AZURE_POSTGRES_PORT']}/postgres"
)

pool = ConnectionPool(URL, min_size=1, max_size=2, open=True)
with pool.connection() as first, pool.connection() as second:
    for connection in (first, second):
        print(connection.execute("SELECT current_user").fetchone()[0])
pool.close()
