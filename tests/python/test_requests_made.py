"""Which calls send headers is found through names, attributes and sessions, and the search ends."""

from __future__ import annotations

import ast
import time

import pytest

from mi_lint.python import requests_made
from mi_lint.python.facts import parse
from mi_lint.python.source import Source


def sent(code):
    module = parse(Source("app.py", code.encode()))
    holder = next(d for d in module.dicts if any(ast.unparse(k) == "'api-key'" for k in d.keys if k is not None))
    return [(ast.unparse(found.call.func), found.kept) for found in requests_made.sendings(module, holder)]


@pytest.mark.parametrize(
    ("code", "calls"),
    [
        ("requests.get(u, headers={'api-key': k})", [("requests.get", False)]),
        ("h = {'api-key': k}\nrequests.get(u, headers=h)", [("requests.get", False)]),
        ("h = {}\nh.update({'api-key': k})\nrequests.get(u, headers=h)", [("requests.get", False)]),
        ("h = {'api-key': k}\ndef f():\n    return requests.get(u, headers=h)", [("requests.get", True)]),
        ("def f():\n    return {'api-key': k}\nrequests.get(u, headers={**f(), 'a': 'b'})", [("requests.get", False)]),
        ("class C:\n    def __init__(self):\n        self.h = {'api-key': k}\n    def f(self):\n        get(u, self.h)",
         [("get", True)]),
        ("s = requests.Session()\ns.headers.update({'api-key': k})\ns.get(u)", [("s.get", False)]),
        ("h = {'api-key': k}\nprint(h)", []),
        ("Matcher(headers={'api-key': k})", []),
    ],
)  # fmt: skip
def test_headers_are_followed_to_the_calls_that_send_them(code, calls):
    assert sent(code) == calls


def test_names_that_are_assigned_to_each_other_end_the_search():
    lines = ["h0 = {'api-key': k}"]
    lines += [f"h{i} = h{j}" for i in range(30) for j in range(30)]
    start = time.monotonic()
    assert sent("\n".join(lines)) == []
    assert time.monotonic() - start < 5


def test_an_address_of_many_parts_ends():
    names = "\n".join(f"a{i} = a{i + 1} + a{i + 1} + '{'x' * 500}'" for i in range(40))
    module = parse(Source("app.py", f"{names}\nrequests.get(a0)".encode()))
    assert len(requests_made.address(module, module.calls[0])) <= requests_made.MAX_TEXT
