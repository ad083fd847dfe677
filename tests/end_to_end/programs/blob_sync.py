"""Keep the orders of a day as blobs and count them."""

from __future__ import annotations

import contextlib
import os

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient, ContainerClient

connection_string = os.environ["STORAGE_CONNECTION_STRING"]

# The service makes the container, a client of its own reads it.
service = BlobServiceClient.from_connection_string(connection_string)
with contextlib.suppress(ResourceExistsError):
    service.create_container("orders")
service.get_blob_client("orders", "1.txt").upload_blob(b"tea", overwrite=True)

container = ContainerClient.from_connection_string(connection_string, container_name="orders")
names = [blob.name for blob in container.list_blobs()]
print(names, container.download_blob("1.txt").readall().decode())
