"""Platforms that run code without letting it ask a managed identity: notebooks of Databricks, Fabric and Synapse.

https://learn.microsoft.com/azure/databricks/connect/unity-catalog/cloud-services/use-service-credentials
https://learn.microsoft.com/fabric/data-engineering/notebook-utilities#credentials-utilities
"""

from __future__ import annotations

import re

from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.site import Site

DATABRICKS = (
    "Databricks gives code no managed identity: let a service credential of Unity Catalog sign in "
    "(dbutils.credentials.getServiceCredentialsProvider)"
)
FABRIC = (
    "notebooks of Fabric and Synapse have no managed identity of their own: take the token of "
    "notebookutils.credentials, or read by a linked service or shortcut"
)
_DATABRICKS = re.compile(rb"\A# Databricks notebook source|\bdbutils\.\w")
# The default lakehouse is mounted at this path in notebooks of Fabric alone.
_FABRIC = re.compile(rb"\b(?:mssparkutils|notebookutils)\.\w|\btrident_token_library_wrapper\b|/lakehouse/default/")
# Their rewrites are made for these platforms, and say what each of them needs.
_OWN = frozenset({"spark", "storage_options"})


def on_platform(site: Site, outcome: Outcome) -> Outcome:
    """Hold a rewrite back where no managed identity answers."""
    rewrite = outcome if isinstance(outcome, Rewritten) else getattr(outcome, "rewrite", None)
    if rewrite is None or site.family in _OWN:
        return outcome
    text = site.module.source.text
    if _DATABRICKS.search(text):
        return HeldBack(DATABRICKS, rewrite)
    return HeldBack(FABRIC, rewrite) if _FABRIC.search(text) else outcome
