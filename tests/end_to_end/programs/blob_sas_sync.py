"""Hand out a link to a report for an hour."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobClient, BlobSasPermissions, BlobServiceClient, generate_blob_sas

service = BlobServiceClient.from_connection_string(os.environ["STORAGE_CONNECTION_STRING"])


def link(container: str, name: str) -> str:
    sas = generate_blob_sas(
        str(service.account_name),
        container,
        name,
        account_key=service.credential.account_key,
        permission=BlobSasPermissions(read=True),
        expiry=datetime.now(timezone.utc) + timedelta(hours=1),
    )
    return f"{service.get_blob_client(container, name).url}?{sas}"


with contextlib.suppress(ResourceExistsError):
    service.create_container("links")
service.get_blob_client("links", "a.txt").upload_blob(b"read me", overwrite=True)
url = link("links", "a.txt")
query = parse_qs(url.partition("?")[2])
print(query["sp"], query["sr"], len(query["sig"]))
# Whoever has the link reads the report, and needs nothing else.
print(BlobClient.from_blob_url(url).download_blob().readall())
