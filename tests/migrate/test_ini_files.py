"""Settings of INI files are told where they belong, and samples of such files follow the code."""

from __future__ import annotations

import itertools
import json

import pytest
from in_memory import table

from mi_lint.migrate import report
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

OLD, NEW = "STORAGE_CONNECTION_STRING", "STORAGE_BLOB_ENDPOINT"
EXAMPLE = f"{NEW}=https://<account>.blob.core.windows.net"
HOST = "the host needs these settings:"
HEAD = """\
import json
import os
from configparser import ConfigParser
from azure.storage.blob import BlobServiceClient

parser = ConfigParser()
parser.read("config.ini")
"""
CALL = "client = BlobServiceClient.from_connection_string({})\n"


def planned(texts):
    return session_of_texts({path: text.encode() for path, text in texts.items()}, table()).plan(Options())


def told(plan):
    """Return the headings under which a summary tells the new setting."""
    lines = report.summary(plan, wrote=False)
    return [before for before, line in itertools.pairwise(lines) if line == f"  setting  {EXAMPLE}"]


# https://github.com/epomatti/azure-python-api-servicebus/blob/main/src/storage.py
@pytest.mark.parametrize(
    ("code", "heading"),
    [
        (HEAD + CALL.format(f'parser.get("AZURE", "{OLD}")'), "config.ini needs, in [AZURE]:"),
        (HEAD + CALL.format(f'parser["AZURE"]["{OLD}"]'), "config.ini needs, in [AZURE]:"),
        (HEAD + 'azure = parser["AZURE"]\n' + CALL.format(f'azure["{OLD}"]'), "config.ini needs, in [AZURE]:"),
        (HEAD + 'azure = parser["AZURE"]\n' + CALL.format(f'azure.get("{OLD}")'), "config.ini needs, in [AZURE]:"),
        (HEAD + f'SECTION = "AZURE"\nline = parser.get(SECTION, "{OLD}")\n' + CALL.format("line"),
         "config.ini needs, in [AZURE]:"),
        (HEAD.replace('"config.ini"', 'os.path.join(os.path.dirname(__file__), "settings.cfg")')
         + CALL.format(f'parser.get("A", "{OLD}")'), "settings.cfg needs, in [A]:"),
        (HEAD.replace('"config.ini"', 'os.environ["FILE"]') + CALL.format(f'parser.get("A", "{OLD}")'),
         "the INI file that app.py reads needs, in [A]:"),
        (HEAD + 'other = json.load(open("a.json"))\n' + CALL.format(f'other["{OLD}"]'), HOST),
        (HEAD + CALL.format(f'os.environ["{OLD}"]'), HOST),
    ],
)  # fmt: skip
def test_a_setting_of_an_ini_file_is_told_with_file_and_section(code, heading):
    plan = planned({"app.py": code})
    assert told(plan) == [heading]
    entry = json.loads(report.report(plan))["sites"][0]["settings"][0]
    section = heading.partition("[")[2].partition("]")[0]
    assert entry.get("file", "").startswith(f"[{section}] of " if section else "")
    assert ("file" in entry) is (heading != HOST)


def test_the_section_is_also_known_where_a_function_of_the_program_reads_the_file():
    reader = """\
from configparser import ConfigParser


def get_config(section, config):
    parser = ConfigParser()
    parser.read("config.ini")
    return parser.get(section, config)
"""
    head = "from azure.storage.blob import BlobServiceClient\nfrom config import get_config\n"
    texts = {"config.py": reader, "app.py": head + CALL.format(f'get_config("AZURE", "{OLD}")')}
    assert told(planned(texts)) == ["config.ini needs, in [AZURE]:"]


def test_the_name_of_an_entity_is_a_setting_of_the_host_all_the_same():
    code = HEAD.replace("storage.blob", "eventhub").replace("BlobServiceClient", "EventHubProducerClient")
    code += 'client = EventHubProducerClient.from_connection_string(parser.get("A", "HUB_CONNECTION_STRING"))\n'
    lines = report.summary(planned({"app.py": code}), wrote=False)
    assert lines[lines.index(HOST) + 1] == "  setting  HUB_EVENTHUB_NAME=<eventhub_name>"
    own = lines[lines.index("config.ini needs, in [A]:") + 1]
    assert own.startswith("  setting  HUB_FULLY_QUALIFIED_NAMESPACE=")


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("example.config.ini", f"[AZURE]\n{OLD}=\n", f"[AZURE]\n{EXAMPLE}\n"),
        ("config.ini.sample", f"[AZURE]\r\n{OLD} : x\r\n", f"[AZURE]\r\n{EXAMPLE.replace('=', ' : ', 1)}\r\n"),
        ("config.template.cfg", f"[A]\n;{OLD} = x\nb=1\n", f"[A]\n;{EXAMPLE.replace('=', ' = ', 1)}\nb=1\n"),
        # Real values, another key, and no key at all.
        ("config.ini", f"[AZURE]\n{OLD}=\n", None),
        ("example.config.ini", f"[AZURE]\nMY_{OLD}=\n", None),
        ("example.config.ini", f"[AZURE]\nline = {OLD}=x\n", None),
    ],
)
def test_samples_of_ini_files_follow_the_code(path, before, after):
    plan = planned({"app.py": HEAD + CALL.format(f'parser.get("AZURE", "{OLD}")'), path: before})
    assert (plan.texts[path][1].decode() if path in plan.texts else None) == after
