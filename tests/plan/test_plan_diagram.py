"""The diagram of the page is read by Mermaid itself, the npm package ``mermaid`` on the DOM of ``jsdom``.

``MI_LINT_MERMAID`` names the folder with both in its ``node_modules``; otherwise the working directory is tried.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import pytest
from plan_repositories import plan_of
from plan_samples import SAMPLES

from mi_lint.plan.render import markdown

PROGRAM = """
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import fs from 'node:fs';
const require = createRequire(process.argv[2] + '/');
const { JSDOM } = require('jsdom');
const dom = new JSDOM('<!DOCTYPE html><body></body>');
globalThis.window = dom.window;
globalThis.document = dom.window.document;
const program = process.argv[2] + '/node_modules/mermaid/dist/mermaid.core.mjs';
const { default: mermaid } = await import(pathToFileURL(program));
mermaid.initialize({ startOnLoad: false });
const answers = {};
for (const [name, text] of Object.entries(JSON.parse(fs.readFileSync(process.argv[3], 'utf8')))) {
  try { answers[name] = (await mermaid.parse(text)).diagramType; } catch (error) { answers[name] = String(error); }
}
console.log(JSON.stringify(answers));
"""


def folder():
    """Return the folder in which the packages are; skip where they are not."""
    found = os.environ.get("MI_LINT_MERMAID", os.getcwd())
    if shutil.which("node") and os.path.isdir(os.path.join(found, "node_modules", "mermaid")):
        return os.path.abspath(found)
    reason = "no Mermaid: npm install --no-save mermaid jsdom, or set MI_LINT_MERMAID"
    pytest.skip(reason)


def diagram(text):
    """Return the diagram of a page."""
    return re.search(r"```mermaid\n(.*?)```", text, re.DOTALL)[1]


@pytest.mark.slow
def test_mermaid_reads_every_diagram(tmp_path):
    packages = folder()
    found = {}
    for name, (files, choices) in SAMPLES.items():
        found[name] = diagram(markdown.render(plan_of(tmp_path / name, files, **choices)))
    (tmp_path / "diagrams.json").write_text(json.dumps(found), encoding="utf-8")
    (tmp_path / "read.mjs").write_text(PROGRAM, encoding="utf-8")
    command = ["node", str(tmp_path / "read.mjs"), packages, str(tmp_path / "diagrams.json")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(ended.stdout) == dict.fromkeys(found, "flowchart-v2")


def test_many_hosts_are_counted_and_roles_on_one_resource_share_an_arrow(tmp_path):
    hosts = "".join(
        f"resource m{n} 'Microsoft.Compute/virtualMachines@2024-07-01' = {{\n  name: 'm{n}'\n}}\n" for n in range(6)
    )
    code = """
        import os
        from azure.servicebus import ServiceBusClient
        bus = ServiceBusClient.from_connection_string(os.environ["BUS"])
        bus.get_queue_sender(input()).send_messages([])
        bus.get_queue_receiver(input()).receive_messages()
    """
    text = diagram(markdown.render(plan_of(tmp_path, {"app.py": code, "main.bicep": hosts})))
    assert text.count("--> identity") == 1
    assert "6 × virtual machine" in text
    assert '"Azure Service Bus Data Sender<br/>Azure Service Bus Data Receiver"' in text
