"""Django and Flask connect to databases that no call in the code names: the plan reads their settings."""

from __future__ import annotations

import pytest
from plan_repositories import plan_of, rights

DJANGO = """
import os

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["DB_NAME"],
        "HOST": "contoso.postgres.database.azure.com",
        "USER": os.environ["DB_USER"],
        "PASSWORD": os.environ["DB_PASSWORD"],
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"rediss://:{os.environ['REDIS_KEY']}@contoso.redis.cache.windows.net:6380/0",
    }
}
"""
FLASK = """
import os

SQLALCHEMY_DATABASE_URI = f"mysql+pymysql://app:{os.environ['DB_PASSWORD']}@contoso.mysql.database.azure.com/orders"
"""
KEYLESS = """
DATABASES = {
    "default": {
        "ENGINE": "mssql",
        "NAME": "orders",
        "HOST": "contoso.database.windows.net",
        "OPTIONS": {"extra_params": "Authentication=ActiveDirectoryMsi"},
    }
}
"""


@pytest.mark.parametrize(
    ("code", "expected", "places"),
    [
        (DJANGO, ["DELETE", "Data Contributor", "INSERT", "SELECT", "UPDATE"], ["settings.py:5"]),
        (FLASK, ["DELETE", "INSERT", "SELECT", "UPDATE"], ["settings.py:4"]),
        (KEYLESS, ["db_datareader", "db_datawriter"], []),
    ],
)
def test_settings_of_a_framework_need_rights_and_keep_the_password_that_they_use(tmp_path, code, expected, places):
    plan = plan_of(tmp_path, {"settings.py": code})
    assert sorted(rights(plan)) == expected
    assert {resource.label or resource.name for resource in plan.resources} == {"contoso"}
    blocked = [place for switch in plan.switches for place in switch.blocked]
    assert sorted(blocked) == places


def test_settings_that_lead_elsewhere_need_nothing(tmp_path):
    plan = plan_of(tmp_path, {"settings.py": DJANGO.replace("contoso.", "localhost").replace("azure", "example")})
    assert rights(plan) == []
