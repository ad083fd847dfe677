from __future__ import annotations

import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text
from sqlalchemy.pool import NullPool

USER = os.environ["AZURE_POSTGRES_USER"]
HOST, PORT = os.environ["AZURE_POSTGRES_HOST"], os.environ["AZURE_POSTGRES_PORT"]


class Config:
    SQLALCHEMY_DATABASE_URI = f"postgresql://{USER}:{os.environ['AZURE_POSTGRES_PASSWORD']}@{HOST}:{PORT}/postgres"
    SQLALCHEMY_ENGINE_OPTIONS = {"poolclass": NullPool}  # noqa: RUF012


app = Flask(__name__)
app.config.from_object(Config)
db = SQLAlchemy(app)

for _ in range(2):
    with app.app_context():
        print(db.session.execute(text("SELECT current_user")).scalar())
