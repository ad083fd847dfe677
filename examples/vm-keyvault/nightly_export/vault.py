"""Secrets of the partner system, kept in Azure Key Vault."""

from __future__ import annotations

from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient

from nightly_export.settings import Settings


def open_vault(settings: Settings) -> SecretClient:
    credential = ClientSecretCredential(
        tenant_id=settings.tenant_id,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
    )
    return SecretClient(vault_url=settings.vault_url, credential=credential)


def read_secret(vault: SecretClient, name: str) -> str:
    value = vault.get_secret(name).value
    if value is None:
        raise LookupError(f"secret {name} has no value")
    return value
