"""Findings made by hand, with every feature that a report can show."""

from __future__ import annotations

from mi_lint.model import (
    Applicability,
    Confidence,
    Edit,
    Finding,
    Fix,
    Location,
    Notification,
    Region,
    Report,
    RuleInfo,
    ScanStatistics,
    SecretInfo,
    Severity,
    Snippet,
    Suppression,
    Verdict,
)
from mi_lint.report.fingerprints import line_hashes
from mi_lint.rulebook.samples import expand

KEY = expand("<%his-v1 +ASt 64 Default0%>")
SETTINGS = f"ACCOUNT=demo\nSTORAGE_KEY={KEY}\nREGION=westeurope\n"
CODE = (
    "import os\n"
    "from azure.storage.blob import BlobServiceClient\n"
    'key = os.environ["STORAGE_KEY"]\n'
    'client = BlobServiceClient("https://demo.blob.core.windows.net", credential=key)\n'
    "print(client)\n"
)


def rule(identity: str = "MI101", **changes) -> RuleInfo:
    values = {
        "id": identity,
        "name": f"StorageAccountKey{identity[-1]}",
        "title": "Storage account key",
        "service": "Azure Storage",
        "severity": Severity.CRITICAL,
        "confidence": Confidence.VERY_HIGH,
        "everyday": True,
        "enabled": True,
        "cwe": (798, 312),
        "summary": "A storage account key gives full access to the data of the account.",
        "help_text": "A storage account key gives full access.\n\nWay out: use a managed identity.\n\nSee: https://x.example",
        "help_markdown": "A storage account key gives full access.\n\n**Way out.** Use a managed identity.",
        "help_uri": f"https://github.com/mi-lint/mi-lint/blob/main/docs/rules.md#{identity.lower()}",
        "tags": ("security", "azure", "secret", "external/cwe/cwe-798", "external/cwe/cwe-312"),
        "messages": (("default", "Storage account key ('{0}')."),),
        "references": ("https://learn.microsoft.com/azure/storage/",),
    }
    return RuleInfo(**{**values, **changes})


CODE_RULE = rule(
    "MI201",
    name="StorageClientWithKey",
    title="Storage client with an account key",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(522,),
    messages=(("default", "'{0}' authenticates with an account key; pass a managed-identity credential."),),
    tags=("security", "azure", "external/cwe/cwe-522"),
)


def secret_finding(path: str = "app/settings.env", **changes) -> Finding:
    start = SETTINGS.split("\n")[1].index(KEY) + 1
    values = {
        "rule_id": "MI101",
        "location": Location(path, Region(2, start, 2, start + len(KEY))),
        "message": "Storage account key ('checksum right, account 'demo'').",
        "arguments": ("checksum right, account 'demo'",),
        "severity": Severity.CRITICAL,
        "confidence": Confidence.VERY_HIGH,
        "fingerprint": "5f2d6c",
        "line_hash": line_hashes(SETTINGS.encode(), {2})[2],
        "verdict": Verdict.VERIFIED,
        "secret": SecretInfo("Storage account key", len(KEY), "rPHgxCVAOw6CZsT9xXEw"),
        "snippet": Snippet(2, 2, "STORAGE_KEY=[REDACTED]"),
        "context": Snippet(1, 3, "ACCOUNT=demo\nSTORAGE_KEY=[REDACTED]\nREGION=westeurope"),
        "evidence": (Location(path, Region(1, 9, 1, 13), "account name"),),
        "properties": (("account", "demo"),),
    }
    return Finding(**{**values, **changes})


def code_finding(path: str = "app/main.py", **changes) -> Finding:
    start = CODE.index("key)")
    insert = CODE.index("import os\n") + len("import os\n")
    edits = (
        Edit(path, start, start + 3, "DefaultAzureCredential()", Region(4, 77, 4, 80)),
        Edit(path, insert, insert, "from azure.identity import DefaultAzureCredential\n", Region(2, 1, 2, 1)),
    )
    values = {
        "rule_id": "MI201",
        "location": Location(path, Region(4, 10, 4, 81)),
        "message": "'BlobServiceClient' authenticates with an account key; pass a managed-identity credential.",
        "arguments": ("BlobServiceClient",),
        "severity": Severity.MEDIUM,
        "confidence": Confidence.HIGH,
        "fingerprint": "77aa01",
        "line_hash": line_hashes(CODE.encode(), {4})[4],
        "snippet": Snippet(4, 4, CODE.split("\n")[3]),
        "context": Snippet(3, 5, "\n".join(CODE.split("\n")[2:5])),
        "flow": (
            Location(path, Region(3, 7, 3, 32), "The key is read from the environment."),
            Location(path, Region(4, 77, 4, 80), "The key is used here."),
        ),
        "fixes": (Fix("Use 'DefaultAzureCredential'.", edits, Applicability.SAFE),),
        "properties": (("class", "azure.storage.blob.BlobServiceClient"), ("role", "Storage Blob Data Contributor")),
    }
    return Finding(**{**values, **changes})


def full_report(root: str = "", **changes) -> Report:
    """Return a report in which every optional part occurs."""
    values = {
        "findings": [secret_finding(), code_finding()],
        "rules": {info.id: info for info in (CODE_RULE, rule(), rule("MI999", name="NotUsed", enabled=False))},
        "notifications": [
            Notification("unreadable-file", "'app/locked.py' was not read: permission denied.", "app/locked.py")
        ],
        "statistics": ScanStatistics(
            files=12, bytes=34_567, skipped={"binary": 2}, suppressed=1, baselined=2, hidden=3
        ),
        "root": root,
    }
    return Report(**{**values, **changes})


def suppressed_finding() -> Finding:
    return secret_finding("b.env", suppression=Suppression("inSource", "test data"), fingerprint="b1")
