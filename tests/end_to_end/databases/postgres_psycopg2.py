from __future__ import annotations

import os

import psycopg2

HOST = os.environ["AZURE_POSTGRES_HOST"]
PORT = os.environ["AZURE_POSTGRES_PORT"]
USER = os.environ["AZURE_POSTGRES_USER"]
PASSWORD = os.environ["AZURE_POSTGRES_PASSWORD"]

text = f"host={HOST} port={PORT} user={USER} password={PASSWORD} dbname=postgres"

for _ in range(2):
    connection = psycopg2.connect(text)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        print(cursor.fetchone()[0])
    connection.close()
