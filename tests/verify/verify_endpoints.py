"""A service of Azure on this machine, which answers as a test wants."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fake_identity import serving


class Service(BaseHTTPRequestHandler):
    """A service whose answer the test chooses."""

    answer: tuple[int, dict[str, str], str] = (200, {}, "")
    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization", "")))
        status, headers, body = self.answer
        content = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def service(answer: tuple[int, dict[str, str], str] = (200, {}, "")) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Serve on a free port; yield the address, and the paths and headers that are asked for."""
    seen: list[tuple[str, str]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Chosen", (Service,), {"answer": answer, "seen": seen}))
    with serving(server):
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
