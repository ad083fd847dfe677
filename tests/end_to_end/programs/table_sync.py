"""Count visits in a table."""

from __future__ import annotations

import os

from azure.data.tables import TableClient, TableServiceClient

settings = os.environ["STORAGE_CONNECTION_STRING"]
with TableServiceClient.from_connection_string(settings) as tables:
    tables.create_table_if_not_exists("visits")
    print(sorted(table.name for table in tables.list_tables()))
with TableClient.from_connection_string(conn_str=settings, table_name="visits") as visits:
    visits.upsert_entity({"PartitionKey": "page", "RowKey": "home", "visits": 3})
    print(visits.get_entity("page", "home")["visits"])
