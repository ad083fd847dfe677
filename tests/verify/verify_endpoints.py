"""Local endpoints that answer as Azure does: the identity endpoint of a host, and a service."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

OBJECT_ID = "0b1ec7a1-0000-4000-8000-000000000001"
CLIENT_ID = "c11e471d-0000-4000-8000-000000000002"
TENANT = "7e4a4700-0000-4000-8000-000000000003"


def part(content: dict) -> str:
    """Return one part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def jwt(audience: str) -> str:
    """Return a token that nobody has signed."""
    now = int(time.time())
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "oid": OBJECT_ID,
        "appid": CLIENT_ID,
        "tid": TENANT,
        "iat": now,
        "nbf": now - 5,
        "exp": now + 3600,
        "xms_mirid": "/subscriptions/s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-shop",
    }
    return f"{part({'alg': 'none'})}.{part(claims)}.c2lnbmF0dXJl"


class Identity(BaseHTTPRequestHandler):
    """The identity endpoint of App Service and of the instance metadata service."""

    error: tuple[int, dict] | None = None

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if self.error is not None:
            status, body = self.error
        else:
            token = jwt(query.get("resource", [""])[0])
            expires = str(int(time.time()) + 3600)
            status, body = (
                200,
                {"access_token": token, "expires_on": expires, "expires_in": "3600", "token_type": "Bearer"},
            )
            body["resource"] = query.get("resource", [""])[0]
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


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
def serve(handler: type[BaseHTTPRequestHandler], **attributes: object):
    """Serve on a free port of this machine; yield the address and the handler."""
    chosen = type(handler.__name__, (handler,), attributes)
    server = ThreadingHTTPServer(("127.0.0.1", 0), chosen)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", chosen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
