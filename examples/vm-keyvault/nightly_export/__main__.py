"""Send yesterday's orders to the partner: ``python -m nightly_export``, started by a systemd timer."""

from __future__ import annotations

import csv
import datetime as dt
import logging
import sys
from pathlib import Path

import requests

from nightly_export.settings import Settings
from nightly_export.vault import open_vault, read_secret

logger = logging.getLogger("nightly_export")


def orders_of(day: dt.date, folder: Path) -> list[dict[str, str]]:
    path = folder / f"orders-{day.isoformat()}.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = Settings.from_environment()
    yesterday = dt.date.today() - dt.timedelta(days=1)
    orders = orders_of(yesterday, settings.orders)
    if not orders:
        logger.info("no orders on %s", yesterday)
        return 0
    with open_vault(settings) as vault:
        user = read_secret(vault, "partner-user")
        token = read_secret(vault, "partner-token")
    response = requests.post(settings.partner_url, json=orders, auth=(user, token), timeout=30)
    response.raise_for_status()
    logger.info("sent %d orders of %s", len(orders), yesterday)
    return 0


if __name__ == "__main__":
    sys.exit(main())
