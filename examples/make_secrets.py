"""Write the settings files of the example applications, with fake keys.

Nobody ever issued these keys: they are made here, with right checksums, so that they look real to a scanner and
none of them has to be in git. Run it from anywhere: ``python examples/make_secrets.py``.
"""

from __future__ import annotations

import json
import os

from mi_lint.rulebook.samples import expand

HERE = os.path.dirname(os.path.abspath(__file__))

STORAGE_KEY = expand("<%his-v1 +ASt 64 Default0%>")
HOST_STORAGE_KEY = expand("<%his-v1 +ASt 64 Default0 #functions%>")


def connection_string(account: str, key: str) -> str:
    """Return the connection string that the portal shows for a storage account."""
    return f"DefaultEndpointsProtocol=https;AccountName={account};AccountKey={key};EndpointSuffix=core.windows.net"


def nightly_export() -> str:
    """Return the environment of the batch job."""
    return expand(
        "AZURE_TENANT_ID=<%guid #tenant%>\n"
        "AZURE_CLIENT_ID=<%guid #client%>\n"
        "AZURE_CLIENT_SECRET=<%entra 8Q~%>\n"
        "KEY_VAULT_URL=https://kv-export-h5nqzr2v.vault.azure.net\n"
        "PARTNER_URL=https://partner.example.com/orders\n"
        "ORDERS_FOLDER=./orders\n"
    )


def log_settings() -> dict[str, str]:
    """Return the settings that the three web apps share."""
    return {
        "LOG_STORAGE_URL": "https://stlogsh5nqzr2v.blob.core.windows.net",
        "LOG_STORAGE_KEY": STORAGE_KEY,
        "LOG_STORAGE_CONNECTION_STRING": connection_string("stlogsh5nqzr2v", STORAGE_KEY),
    }


def environment(settings: dict[str, str]) -> str:
    """Return settings as a `.env` file."""
    return "".join(f'{name}="{value}"\n' for name, value in settings.items())


def portal(settings: dict[str, str]) -> str:
    """Return settings as the portal's "advanced edit" and `az webapp config appsettings set --settings @file` want."""
    return as_json([{"name": name, "value": value, "slotSetting": False} for name, value in settings.items()])


def readings_function() -> str:
    """Return the local settings of the Function."""
    values = {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": connection_string("streadingsh5nqzr2v", HOST_STORAGE_KEY),
        "SQL_SERVER": "sql-readings-h5nqzr2v.database.windows.net",
        "SQL_DATABASE": "readings",
        "SQL_USER": "readings_writer",
        "SQL_PASSWORD": expand("<%password #sql%>"),
    }
    return as_json({"IsEncrypted": False, "Values": values})


def as_json(document: object) -> str:
    """Return a document as the tools of Azure write it."""
    return json.dumps(document, indent=2) + "\n"


def files() -> dict[str, str]:
    """Return the files by their path below this folder."""
    return {
        "vm-keyvault/.env": nightly_export(),
        "webapps-storage/.env": environment(log_settings()),
        "webapps-storage/infra/appsettings.json": portal(log_settings()),
        "function-sql/local.settings.json": readings_function(),
    }


def main() -> None:
    """Write every file and say which."""
    for name, text in files().items():
        with open(os.path.join(HERE, *name.split("/")), "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    print(f"wrote {', '.join(files())} in {os.path.relpath(HERE)} (fake keys, ignored by git)")


if __name__ == "__main__":
    main()
