from __future__ import annotations

import os

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

USER = os.environ["AZURE_POSTGRES_USER"]
PASSWORD = os.environ["AZURE_POSTGRES_PASSWORD"]
HOST = os.environ["AZURE_POSTGRES_HOST"]
PORT = os.environ["AZURE_POSTGRES_PORT"]

engine = create_engine(f"postgresql+psycopg2://{USER}:{PASSWORD}@{HOST}:{PORT}/postgres", poolclass=NullPool)

for _ in range(2):
    with engine.connect() as connection:
        print(connection.execute(text("SELECT current_user")).scalar())
