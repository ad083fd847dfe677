"""File format × kind of credential: found in every disguise, by its own name, and the region covers exactly the secret.

A kind is written once, with its secret between « and ». A format wraps and escapes it as real files do and keeps the
marks, so that the expected region is known without asking the code under test.
"""

from __future__ import annotations

import functools
import html
import json
import re
from dataclasses import astuple
from urllib.parse import quote

import pytest

from mi_lint.rulebook import samples, store
from mi_lint.rulebook.load import rulebook
from mi_lint.secrets.anchors import FallbackEngine, HyperscanEngine
from mi_lint.secrets.detectors import detector_classes
from mi_lint.secrets.examine import Examiner
from mi_lint.secrets.judge import judgements
from mi_lint.secrets.matching import find
from mi_lint.sources.decoding import decode

# name -> (rule, text). Parts of a connection string end with a semicolon or comma, where people break lines.
CONNECTION_STRINGS = {
    "storage": (
        "MI101",
        (
            "DefaultEndpointsProtocol=https;AccountName=shopdata;AccountKey=«<%his-v1 +ASt 64 Default0%>»;"
            "EndpointSuffix=core.windows.net"
        ),
    ),
    "storage-legacy": (
        "MI101",
        (
            "DefaultEndpointsProtocol=https;AccountName=shopdata;AccountKey=«<%base64 64 #ds%>»;"
            "EndpointSuffix=core.windows.net"
        ),
    ),
    "service-bus": (
        "MI110",
        (
            "Endpoint=sb://shop-bus.servicebus.windows.net/;SharedAccessKeyName=send;"
            "SharedAccessKey=«<%his-v1 +ASb 32 Send0000%>»"
        ),
    ),
    "cosmos": (
        "MI123",
        "AccountEndpoint=https://shop-orders.documents.azure.com:443/;AccountKey=«<%his-v1 ACDb 64 MastRW00%>»;",
    ),
    "iot-hub": (
        "MI168",
        "HostName=plant-hub.azure-devices.net;SharedAccessKeyName=iothubowner;SharedAccessKey=«<%base64 32 #di%>»",
    ),
    "iot-device": (
        "MI169",
        "HostName=plant-hub.azure-devices.net;DeviceId=pump-7;SharedAccessKey=«<%his-v1 AIoT 32 Device00%>»",
    ),
    "dps": (
        "MI170",
        (
            "HostName=plant-dps.azure-devices-provisioning.net;SharedAccessKeyName=provisioningserviceowner;"
            "SharedAccessKey=«<%his-v1 AIoT 32 DpsKey00%>»"
        ),
    ),
    "signalr": ("MI172", "Endpoint=https://chat.service.signalr.net;AccessKey=«<%base64 32 #dr%>»;Version=1.0;"),
    "web-pubsub": ("MI173", "Endpoint=https://live.webpubsub.azure.com;AccessKey=«<%base64 32 #dw%>»;Version=1.0;"),
    "communication": ("MI174", "endpoint=https://alerts.communication.azure.com/;accesskey=«<%base64 64 #dc%>»"),
    "app-configuration": (
        "MI153",
        "Endpoint=https://shop-config.azconfig.io;Id=aB3d-l0-s0:Xy12Zw34Vu56;Secret=«<%his-v2 AZAC%>»",
    ),
    "azure-sql": (
        "MI128",
        (
            "Server=tcp:shop-sql.database.windows.net,1433;Initial Catalog=orders;User ID=loader;"
            "Password=«<%password #d%>»;Encrypt=True;"
        ),
    ),
    "kusto": (
        "MI186",
        (
            "Data Source=https://sales.westeurope.kusto.windows.net;Fed=True;"
            "Application Client Id=0b7f5c1e-3a52-4c19-9d0e-6a1f2b3c4d5e;Application Key=«<%entra 8Q~ #dk%>»;"
            "Authority Id=fabrikam.onmicrosoft.com"
        ),
    ),
}
KEYS = {
    "redis": ("MI136", "shop.redis.cache.windows.net:6380,password=«<%his-v1 AzCa 32 Access00%>»,ssl=True"),
    "integration-runtime": (
        "MI184",
        (
            "«IR@0b7f5c1e-3a52-4c19-9d0e-6a1f2b3c4d5e@sales-df@ServiceEndpoint=sales-df.westeurope.datafactory.azure.net@"
            "<%base64 32 #ir%>»"
        ),
    ),
    "functions-url": ("MI147", "https://shop-fn.azurewebsites.net/api/run?code=«<%his-v1 AzFu 40 Functi00 #d%>»"),
    "storage-key": ("MI102", "«<%his-v1 +ASt 64 Default0 #k%>»"),
    "cosmos-key": ("MI124", "«<%his-v1 ACDb 64 MastRO00 #k%>»"),
    "service-bus-key": ("MI111", "«<%his-v1 +ASb 32 Manage00 #k%>»"),
    "iot-key": ("MI171", "«<%his-v1 AIoT 32 IoTHub00 #k%>»"),
    "batch-key": ("MI179", "«<%his-v1 +ABa 64 AbAcct00 #k%>»"),
    "registry-password": ("MI178", "«<%his-v1 +ACR 39 ACRDflt0 #k%>»"),
    "client-secret": ("MI140", "«<%entra 8Q~ #k%>»"),
    "openai-key": ("MI156", "«<%his-v2 ACOG AAAB #k%>»"),
    "maps-key": ("MI175", "«<%his-v2 AZMP #k%>»"),
    "databricks-token": ("MI187", "«dapi<%hex 32 #k%>»"),
}
KINDS = CONNECTION_STRINGS | KEYS


def json_string(text: str) -> str:
    """Escape as .NET's JSON writer does by default, which spares no plus sign and no ampersand."""
    return re.sub(r"[+&<>'`]", lambda match: f"\\u{ord(match[0]):04X}", text.replace("/", r"\/"))


def xml(text: str) -> str:
    return html.escape(text).replace("+", "&#43;").replace("/", "&#x2F;")


def percent(text: str) -> str:
    return re.sub(r"[^\w«».~-]", lambda match: quote(match[0], safe=""), text)


def parts(text: str) -> list[str]:
    """Break a connection string behind each semicolon, anything else in the middle of its secret."""
    pieces = re.findall(r"[^;]+;?", text)
    return pieces if len(pieces) > 1 else halves(text)


def halves(text: str) -> list[str]:
    """Break in the first half of the secret."""
    at = text.index("«") + 13
    return [text[:at], text[at:]]


def quoted(pieces: list[str], joint: str, prefix: str = "") -> str:
    return joint.join(f'{prefix}"{piece}"' for piece in pieces)


def indented(pieces: list[str]) -> str:
    return "".join(f"    {piece}\n" for piece in pieces)


def notebook(*lines: str, output: str = "") -> str:
    """Write a notebook with one cell, as Jupyter formats it."""
    source = ",\n".join(f"    {json.dumps(line + chr(10), ensure_ascii=False)}" for line in lines)
    text = json.dumps(output, ensure_ascii=False)
    outputs = f'[{{"output_type": "stream", "text": [{text}]}}]'
    cell = f'{{"cell_type": "code", "source": [\n{source}\n  ], "outputs": {outputs}}}'
    return f'{{"cells": [{cell}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}\n'


# Formats in which the value stands in one piece.
WHOLE = {
    "env": lambda v: f"# settings\nVALUE={v}\n",
    "env-quoted": lambda v: f'export VALUE="{v}"\n',
    "ini": lambda v: f"[azure]\nvalue = {v}\n",
    "properties": lambda v: f"azure.value: {v}\n",
    "toml": lambda v: f"value = '{v}'\n",
    "yaml": lambda v: f"azure:\n  value: {v}\n",
    "yaml-quoted": lambda v: f"azure:\n  - value: '{v}'\n",
    "yaml-literal": lambda v: f"azure:\n  value: |\n    {v}\n  other: 1\n",
    "yaml-folded": lambda v: f"azure:\n  value: >-\n    {v}\n  other: 1\n",
    "json": lambda v: f'{{"a": 1, "value": "{v}"}}\n',
    "json-escaped": lambda v: f'{{"value": "{json_string(v)}"}}\n',
    "json-in-json": lambda v: f'{{"body": "{{\\"value\\": \\"{v}\\"}}"}}\n',
    "appsettings": lambda v: f'{{"ConnectionStrings": {{\n  "Default": "{json_string(v)}"\n}}}}\n',
    "local-settings": lambda v: f'{{"IsEncrypted": false, "Values": {{"Shop": "{v}"}}}}\n',
    "arm-parameters": lambda v: f'{{"parameters": {{"value": {{\n  "value": "{v}"\n}}}}}}\n',
    "xml-attribute": lambda v: f'<add name="x" connectionString="{xml(v)}" />\n',
    "xml-element": lambda v: f"<settings><value>{xml(v)}</value></settings>\n",
    "bicep": lambda v: f"param x string = '{v}'\n",
    "terraform": lambda v: f'resource "x" "y" {{\n  value = "{v}"\n}}\n',
    "terraform-heredoc": lambda v: f"  value = <<-EOT\n    {v}\n  EOT\n",
    "powershell": lambda v: f"$value = '{v}'\n",
    "powershell-here-string": lambda v: f'$value = @"\n{v}\n"@\n',
    "shell": lambda v: f"az thing set --value '{v}' --name x\n",
    "shell-heredoc": lambda v: f"cat > x <<'EOF'\n{v}\nEOF\n",
    "dockerfile": lambda v: f'FROM scratch\nENV VALUE="{v}"\n',
    "compose": lambda v: f"services:\n  web:\n    environment:\n      - VALUE={v}\n",
    "workflow": lambda v: f"    env:\n      VALUE: {v}\n",
    "python": lambda v: f'client = Client("{v}")\n',
    "python-f-string": lambda v: f'value = f"{v}{{suffix}}"\n',
    "python-bytes": lambda v: f"value = b'{v}'\n",
    "csharp-verbatim": lambda v: f'const string Value = @"{v}";\n',
    "javascript-template": lambda v: f"const value = `{v}`;\n",
    "go": lambda v: f"\tvalue := `{v}`\n",
    "markdown": lambda v: f"Set it to:\n\n    {v}\n",
    "csv": lambda v: f'name,value\nx,"{v}"\n',
    "sql-comment": lambda v: f"-- {v}\n",
    "notebook-source": lambda v: notebook("import x", f'x.connect("{v}")'),
    "notebook-output": lambda v: notebook("print(x)", output=f"value: {v}\n"),
    "kubernetes-string-data": lambda v: f"kind: Secret\nstringData:\n  value: {v}\n",
    "kubernetes-data": lambda v: f"apiVersion: v1\nkind: Secret\ndata:\n  value: <%b64:{v}%>\n",
    "kubernetes-json": lambda v: f'{{"kind": "Secret", "data": {{"value": "<%b64:{v}%>"}}}}\n',
    "percent-encoded": lambda v: f"https://shop.example.net/?v={percent(v)}&x=1\n",
}
# Formats in which it is broken into pieces that belong together.
BROKEN = {
    "python-adjacent": lambda p: f"value = ({quoted(p, chr(10) + '         ')})\n",
    "python-adjacent-line": lambda p: f"value = {quoted(p, ' ')}\n",
    "python-plus": lambda p: f"value = {quoted(p, ' + ')}\n",
    "python-plus-lines": lambda p: f"value = ({quoted(p, ' +' + chr(10) + '         ')})\n",
    "python-plus-before": lambda p: f"value = ({quoted(p, chr(10) + '         + ')})\n",
    "python-backslash": lambda p: f"value = {quoted(p, ' ' + chr(92) + chr(10) + '        ')}\n",
    "python-f-strings": lambda p: f"value = ({quoted(p, chr(10) + '    ', 'f')})\n",
    "python-inside-string": lambda p: 'value = "' + "\\\n".join(p) + '"\n',
    "csharp-plus": lambda p: f"var value = {quoted(p, chr(10) + '    + ')};\n",
    "java-plus": lambda p: f"String value = {quoted(p, ' +' + chr(10) + '    ')};\n",
    "c-adjacent": lambda p: f"static const char* value = {quoted(p, chr(10) + '    ')};\n",
    "go-plus": lambda p: f"value := {quoted(p, ' +' + chr(10) + chr(9))}\n",
    "javascript-plus": lambda p: "const value = " + " +\n  ".join(f"'{piece}'" for piece in p) + ";\n",
    "powershell-plus": lambda p: f"$value = {quoted(p, ' +' + chr(10) + '  ')}\n",
    "vb-ampersand": lambda p: f"value = {quoted(p, ' & _' + chr(13) + chr(10) + '    ')}\r\n",
    "shell-continued": lambda p: 'VALUE="' + "\\\n".join(p) + '"\n',
    "properties-continued": lambda p: "azure.value = " + "\\\n    ".join(p) + "\n",
    "powershell-continued": lambda p: "setx VALUE " + "`\r\n".join(p) + "\r\n",
    "notebook-adjacent": lambda p: notebook("value = (", *[f'    "{piece}"' for piece in p], ")"),
}
# Broken at semicolons only: elsewhere the line end would be part of the value.
FOLDED = {
    "yaml-folded-lines": lambda p: f"azure:\n  value: >\n{indented(p)}  other: 1\n",
    "yaml-literal-lines": lambda p: f"azure:\n  value: |\n{indented(p)}  other: 1\n",
    "xml-attribute-lines": lambda p: '<add connectionString="' + "\n      ".join(map(xml, p)) + '" />\n',
}
# Encoded as a whole; found through what the beginning of a connection string looks like in base64.
LAYERED = {
    "base64": lambda v: f"value: <%b64:{v}%>\n",
    "base64-env": lambda v: f"VALUE=<%b64:{v}%>\n",
    "base64-of-json": lambda v: f'{{"auth": "<%b64:{{"value": "{v}"}}%>"}}\n',
    "base64-of-file": lambda v: f"user_data: <%b64:#!/bin/sh\nexport A=1\nexport VALUE='{v}'\n%>\n",
}


def cases():
    for kind, (rule, template) in KINDS.items():
        value = samples.expand(template)
        texts = {name: write(value) for name, write in WHOLE.items()}
        texts |= {f"{name}-inside": write(halves(value)) for name, write in BROKEN.items()}
        if kind in CONNECTION_STRINGS:
            texts |= {name: write(parts(value)) for name, write in (BROKEN | FOLDED).items()}
            texts |= {name: write(value) for name, write in LAYERED.items()}
        for name, text in texts.items():
            yield pytest.param(rule, name, text, id=f"{name}-{kind}")


@functools.cache
def table():
    return store.match_table()


@functools.cache
def engines():
    pytest.importorskip("hyperscan")
    return FallbackEngine(table()), HyperscanEngine(table())


@functools.cache
def examiner():
    return Examiner(rulebook().rules, detector_classes())


def findings(path: str, raw: bytes):
    document = decode(path, raw)
    assert not isinstance(document, str), document
    for engine in engines():
        candidates = find(document.data, table(), engine)
        judged = judgements(candidates, table(), path=path)
        yield [finding for finding in examiner().findings(document, candidates, judged)[0] if finding.everyday]


def expected_region(text: str, start: int, end: int) -> tuple[int, int, int, int]:
    """Count lines and UTF-16 columns in the plainest way."""

    def place(offset: int) -> tuple[int, int]:
        lines = re.split(r"\r\n|\r|\n", text[:offset])
        return len(lines), len(lines[-1].encode("utf-16-le", "surrogatepass")) // 2 + 1

    return *place(start), *place(end)


def check(rule: str, path: str, text: str, encode) -> None:
    plain, [(start, end)] = samples.split_marks(samples.expand(text))
    region = expected_region(plain, start, end)
    secret = re.sub(r"[^A-Za-z0-9]", "", plain[start:end])[-12:]
    for found in findings(path, encode(plain)):
        places = [(finding.rule_id, astuple(finding.location.region)) for finding in found]
        assert places == [(rule, region)]
        assert secret not in repr(found)


@pytest.mark.parametrize(("rule", "name", "text"), list(cases()))
def test_a_credential_is_found_in_a_disguise(rule, name, text):
    path = "notebook.ipynb" if name.startswith("notebook") else name
    check(rule, path, text, lambda plain: plain.encode("utf-8"))


# Encodings of a file with characters outside ASCII before the secret, on its line too.
MARK = "\ufeff"
ENCODINGS = {
    "utf-8": lambda plain: plain.encode(),
    "utf-8-mark": lambda plain: (MARK + plain).encode(),
    "utf-16-le-mark": lambda plain: (MARK + plain).encode("utf-16-le"),
    "utf-16-be-mark": lambda plain: (MARK + plain).encode("utf-16-be"),
    "utf-16-le": lambda plain: plain.encode("utf-16-le"),
    "utf-16-be": lambda plain: plain.encode("utf-16-be"),
    "utf-32-le-mark": lambda plain: (MARK + plain).encode("utf-32-le"),
    "utf-32-be-mark": lambda plain: (MARK + plain).encode("utf-32-be"),
    "utf-32-le": lambda plain: plain.encode("utf-32-le"),
    "utf-32-be": lambda plain: plain.encode("utf-32-be"),
}
SURROUNDINGS = {
    "unix": "# Schlüssel 🔑\nname = 'Zoë 🗝' ; value = \"{}\" # Ende 🔚\n",
    "windows": "# Schlüssel 🔑\r\nname = 'Zoë 🗝' ; value = \"{}\"\r\n",
    "mixed": "# Schlüssel 🔑\rfirst\r\n\n\r\rname = 'Zoë' ; value = \"{}\"\r# end\n",
    "no-final-newline": "\n\nname = 'Zoë 🗝' ; value = \"{}\"",
    "other-separators": '# one\u2028still one\x0b\x0c\x85\nvalue = "{}"\n',
}


@pytest.mark.parametrize(
    ("surroundings", "kind"),
    [("unix", kind) for kind in KINDS]
    + [(name, kind) for name in SURROUNDINGS for kind in ("storage", "client-secret")],
)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_credential_is_found_in_any_encoding(encoding, surroundings, kind):
    rule, template = KINDS[kind]
    check(rule, "settings.txt", SURROUNDINGS[surroundings].replace("{}", template), ENCODINGS[encoding])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["# Schl\xfcssel\nname = 'Zo\xeb' ; value = \"{}\"\n", '\x80\xff \xc3 value = "{}"\n'])
def test_a_byte_that_is_no_utf8_is_one_column(text, kind):
    rule, template = KINDS[kind]
    check(rule, "settings.txt", text.replace("{}", template), lambda plain: plain.encode("latin-1"))


@pytest.mark.parametrize("kind", KINDS)
def test_stray_nulls_hide_nothing(kind):
    rule, template = KINDS[kind]
    check(rule, "settings.txt", f"one\0two\nname\0 = 'x'; value = \"{template}\"\n" + "more text\n" * 20, str.encode)
