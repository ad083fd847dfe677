"""A managed identity on this machine: answers as App Service and the metadata service of a virtual machine do.

The real azure-identity gets its tokens here, so that tests see what it would see on an Azure host. The tokens are JWTs
with the claims of Microsoft Entra ID and a signature that nobody checks.
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Refusal = tuple[int, dict[str, object]]  # status and body

HEADER = "only this machine knows"
TENANT = "6b5f5f2c-9d2e-4b0c-8a51-0c6c8a3e4a11"


@dataclass(frozen=True)
class Identity:
    """An identity that is attached to the host; ``system`` when the host itself owns it."""

    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    object_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    resource_id: str = ""
    system: bool = False

    def names(self) -> set[str]:
        return {self.client_id, self.object_id, self.resource_id} - {""}


@dataclass(frozen=True)
class TokenRequest:
    """What a program asked for. ``identity`` is the one that it named, if any."""

    mode: str
    resource: str
    identity: str
    answered: bool


def token(resource: str, identity: Identity, lifetime: int = 3600, **claims: object) -> str:
    """Return a JWT with the claims of a managed identity's token."""
    now = int(time.time())
    payload = {
        "aud": resource, "iss": f"https://sts.windows.net/{TENANT}/", "iat": now, "nbf": now - 60,
        "exp": now + lifetime, "appid": identity.client_id, "oid": identity.object_id, "sub": identity.object_id,
        "tid": TENANT, "idtyp": "app", "ver": "1.0", **claims,
    }  # fmt: skip
    if identity.resource_id:
        payload["xms_mirid"] = identity.resource_id
    parts = [{"typ": "JWT", "alg": "RS256"}, payload]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, base64.urlsafe_b64encode(b"not checked").rstrip(b"=").decode()])


class FakeIdentity:
    """The token endpoint of a host with identities. ``refusal`` is what every request is refused with."""

    def __init__(self, *identities: Identity, refusal: Refusal | None = None) -> None:
        self.identities = identities if identities else (Identity(system=True),)
        self.refusal = refusal
        self.requests: list[TokenRequest] = []
        self.url = ""

    def environment(self, mode: str = "app-service") -> dict[str, str]:
        """Return the variables that lead azure-identity here: those of ``app-service`` or of a test for ``imds``."""
        if mode == "imds":
            return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.url}
        return {"IDENTITY_ENDPOINT": f"{self.url}/msi/token", "IDENTITY_HEADER": HEADER}

    def resources(self) -> set[str]:
        """Return the resources for which tokens were given out."""
        return {request.resource for request in self.requests if request.answered}

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, dict[str, object]]:
        mode = {"/msi/token": "app-service", "/metadata/identity/oauth2/token": "imds"}.get(path)
        if mode is None:
            return 404, {"error": "not_found"}
        named = next(
            (query[key] for key in ("client_id", "object_id", "mi_res_id", "principal_id") if key in query), ""
        )
        resource = query.get("resource", "")
        problem = self._problem(mode, query, headers)
        identity = None if problem else self._chosen(mode, named)
        if identity is None and not problem:
            problem = (400, {"error": "invalid_request", "error_description": "Identity not found"})
        self.requests.append(TokenRequest(mode, resource, named, not problem))
        if problem or identity is None:
            return problem or (500, {})
        expires = int(time.time()) + 3600
        return 200, {
            "access_token": token(resource, identity), "expires_on": str(expires), "expires_in": "3600",
            "resource": resource, "token_type": "Bearer", "client_id": identity.client_id,
        }  # fmt: skip

    def _problem(
        self, mode: str, query: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, dict[str, object]] | None:
        """Refuse what the real endpoints refuse: no header, an old version, nothing asked for."""
        if self.refusal is not None:
            return self.refusal
        if mode == "app-service" and headers.get("x-identity-header") != HEADER:
            return 401, {"error": "unauthorized"}
        if mode == "imds" and headers.get("metadata") != "true":
            return 400, {"error": "invalid_request", "error_description": "Required metadata header not specified"}
        oldest = "2019-08-01" if mode == "app-service" else "2018-02-01"
        if query.get("api-version", "") < oldest:
            return 400, {"error": "invalid_request", "error_description": "api-version is not supported"}
        if not query.get("resource"):
            return 400, {"error": "invalid_resource", "error_description": "resource is missing"}
        return None

    def _chosen(self, mode: str, named: str) -> Identity | None:
        """Choose as the hosts do: App Service falls back to no user-assigned identity, the machine to a single one."""
        if named:
            return next((identity for identity in self.identities if named in identity.names()), None)
        system = next((identity for identity in self.identities if identity.system), None)
        if system is not None or mode == "app-service":
            return system
        return self.identities[0] if len(self.identities) == 1 else None


@contextlib.contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve in a thread until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def fake_identity(*identities: Identity, refusal: Refusal | None = None) -> Iterator[FakeIdentity]:
    """Serve the identities of a host on this machine."""
    fake = FakeIdentity(*identities, refusal=refusal)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, content = fake.answer(parts.path, query, headers)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    with serving(server):
        yield fake
