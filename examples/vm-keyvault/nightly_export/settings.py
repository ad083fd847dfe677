"""Settings of the job; on the VM they come from /etc/nightly-export.env, on a laptop from .env."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dotenv import load_dotenv


@dataclass(frozen=True)
class Settings:
    tenant_id: str
    client_id: str
    client_secret: str
    vault_url: str
    partner_url: str
    orders: Path

    @classmethod
    def from_environment(cls) -> Settings:
        load_dotenv()
        return cls(
            tenant_id=os.environ["AZURE_TENANT_ID"],
            client_id=os.environ["AZURE_CLIENT_ID"],
            client_secret=os.environ["AZURE_CLIENT_SECRET"],
            vault_url=os.environ["KEY_VAULT_URL"],
            partner_url=os.environ["PARTNER_URL"],
            orders=Path(os.environ.get("ORDERS_FOLDER", "/var/lib/nightly-export")),
        )
