from __future__ import annotations

import os

from psycopg2.pool import SimpleConnectionPool

pool = SimpleConnectionPool(
    1,
    3,
    host=os.environ["AZURE_POSTGRES_HOST"],
    port=os.environ["AZURE_POSTGRES_PORT"],
    user=os.environ["AZURE_POSTGRES_USER"],
    password=os.environ["AZURE_POSTGRES_PASSWORD"],
    dbname="postgres",
)
connections = [pool.getconn() for _ in range(3)]
for connection in connections:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        print(cursor.fetchone()[0])
pool.closeall()
