"""Status page: how many lines each app logged today, read back from the storage account."""

from __future__ import annotations

import datetime as dt
import os

from azure.storage.blob import BlobServiceClient
from dotenv import load_dotenv
from flask import Flask, Response, jsonify

import logship
from logship.handler import CONTAINER

load_dotenv()
logship.configure("status")
app = Flask(__name__)
service = BlobServiceClient(
    account_url=os.environ["LOG_STORAGE_URL"],
    credential=os.environ["LOG_STORAGE_KEY"],
)


@app.get("/")
def lines_of_today() -> Response:
    day = f"{dt.date.today().isoformat()}.jsonl"
    container = service.get_container_client(CONTAINER)
    blobs = [blob for blob in container.list_blobs() if blob.name.endswith(day)]
    lines = {blob.name.partition("/")[0]: container.download_blob(blob).readall().count(b"\n") for blob in blobs}
    return jsonify(lines)
