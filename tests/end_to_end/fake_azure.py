"""What the example stories reach of Azure, on this machine: a vault, and Microsoft Entra ID for the time before.

Programs keep the real addresses: an HTTPS proxy leads every connection to one local server with a certificate for them.
https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret
"""

from __future__ import annotations

import base64
import contextlib
import json
import select
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from fake_identity import TENANT, Identity, serving, token

VAULTS = "*.vault.azure.net"
LOGIN = "login.microsoftonline.com"


@dataclass
class FakeAzure:
    """A vault with secrets, an application with a client secret, and a partner who takes posts."""

    secrets: dict[str, str]
    client_secret: str
    proxy: str = ""
    objects: list[str] = field(default_factory=list)
    posts: list[tuple[str, object]] = field(default_factory=list)
    application: Identity = field(default_factory=Identity)

    def environment(self) -> dict[str, str]:
        return {"HTTPS_PROXY": self.proxy}

    def answer(self, host: str, path: str, body: bytes, authorization: str) -> tuple[int, dict[str, object], str]:
        if host == LOGIN:
            return self._login(path, parse_qs(body.decode()))
        if host.endswith(VAULTS[1:]):
            return self._vault(path, authorization)
        self.posts.append((authorization, json.loads(body or b"null")))
        return 200, {}, ""

    def _login(self, path: str, form: dict[str, list[str]]) -> tuple[int, dict[str, object], str]:
        base = f"https://{LOGIN}/{TENANT}"
        if path.endswith("/openid-configuration"):
            issuer = f"{base}/v2.0"
            return 200, {
                "token_endpoint": f"{base}/oauth2/v2.0/token", "issuer": issuer, "tenant_region_scope": None,
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            }, ""  # fmt: skip
        if form.get("client_secret") != [self.client_secret]:
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"}, ""
        resource = form["scope"][0].removesuffix("/.default")
        answer = {"access_token": token(resource, self.application), "expires_in": 3600, "token_type": "Bearer"}
        return 200, answer, ""

    def _vault(self, path: str, authorization: str) -> tuple[int, dict[str, object], str]:
        challenge = f'Bearer authorization="https://{LOGIN}/{TENANT}", resource="https://vault.azure.net"'
        if not authorization.startswith("Bearer "):
            return 401, {"error": {"code": "Unauthorized", "message": "no token"}}, challenge
        claims = authorization.split(".")[1]
        payload = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        if payload["aud"] != "https://vault.azure.net":
            return 401, {"error": {"code": "Unauthorized", "message": "wrong audience"}}, challenge
        self.objects.append(payload["oid"])
        name = path.split("/")[2]
        if name not in self.secrets:
            return 404, {"error": {"code": "SecretNotFound", "message": name}}, ""
        return 200, {"value": self.secrets[name], "id": f"https://kv.vault.azure.net/secrets/{name}/1"}, ""


def _handler(fake: FakeAzure) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host = self.headers["Host"].partition(":")[0]
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = self.headers.get("Authorization") or ""
            status, content, challenge = fake.answer(host, urlsplit(self.path).path, body, given)
            text = json.dumps(content).encode()
            self.send_response(status)
            if challenge:
                self.send_header("WWW-Authenticate", challenge)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_GET  # noqa: N815 (the name is the library's)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _proxy(target: tuple[str, int]) -> type[BaseHTTPRequestHandler]:
    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            with socket.create_connection(target) as upstream:
                self.send_response(200, "Connection established")
                self.end_headers()
                _copy(self.connection, upstream)

        def log_message(self, *_: object) -> None:
            pass

    return Proxy


def _copy(client: socket.socket, upstream: socket.socket) -> None:
    """Pass bytes both ways until one side ends."""
    other = {client: upstream, upstream: client}
    while True:
        ready, _, _ = select.select(list(other), [], [], 30)
        if not ready:
            return
        for side in ready:
            received = side.recv(65536)
            if not received:
                return
            other[side].sendall(received)


@contextlib.contextmanager
def fake_azure(certificate: Path, key: Path, secrets: dict[str, str], client_secret: str) -> Iterator[FakeAzure]:
    """Serve a vault and a token endpoint; the certificate must be one for the names that the programs call."""
    fake = FakeAzure(secrets, client_secret)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), _proxy(("127.0.0.1", server.server_address[1])))
    proxy.daemon_threads = True
    fake.proxy = f"http://127.0.0.1:{proxy.server_address[1]}"
    with serving(server), serving(proxy):
        yield fake
