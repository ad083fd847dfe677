"""Of an assignment to several names what nothing reads any more goes, and only that."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

HEAD = "import os\n\nfrom azure.cosmos import CosmosClient\n\n"
CALL = "c = CosmosClient(u, k)\nd = CosmosClient(u, m)\nprint(v)\n"
URL, KEY, MORE, OTHER = (f'os.environ["{name}"]' for name in ("URL", "KEY", "MORE", "OTHER"))


def left(assignment):
    code = HEAD + assignment + "\n" + CALL
    plan = session_of_texts({"app.py": code.encode()}, table()).plan(Options())
    text = plan.texts["app.py"][1].decode()
    assert "c = CosmosClient(u, credential)" in text
    compile(text, "app.py", "exec")
    return text.partition("credential = DefaultAzureCredential()\n\n")[2].partition("\nc = ")[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"u, k, m, v = {URL}, {KEY}, {MORE}, {OTHER}", f"u, v = {URL}, {OTHER}"),
        (f"k, u, m, v = {KEY}, {URL}, {MORE}, {OTHER}", f"u, v = {URL}, {OTHER}"),
        (f"u, v, k, m = {URL}, {OTHER}, {KEY}, {MORE}", f"u, v = {URL}, {OTHER}"),
        (f"k, m, u, v = {KEY}, {MORE}, {URL}, {OTHER}", f"u, v = {URL}, {OTHER}"),
        (f"u = v = {URL}\nk, m = {KEY}, {MORE}", f"u = v = {URL}"),
        (f"v = {OTHER}\nu, k, m = {URL}, {KEY}, {MORE}", f"v = {OTHER}\nu = {URL}"),
        (f"v = {OTHER}\n(m, k, u) = ({MORE}, {KEY}, {URL})", f"v = {OTHER}\n(u) = ({URL})"),
        (f"v = {OTHER}\nu, k, m, = {URL}, {KEY}, {MORE},", f"v = {OTHER}\nu = {URL}"),
        (f"v = {OTHER}\nk, m, u = (\n    {KEY},\n    {MORE},\n    {URL},\n)", f"v = {OTHER}\nu = (\n    {URL}\n)"),
    ],
)
def test_only_what_is_unread_goes(before, after):
    assert left(before) == after
