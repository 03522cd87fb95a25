"""A mock that is found and trusted as graph.facebook.com, and a deployment's server for the clients' own webhook code."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from mock_meta.protocol.meta_hosts import META_HOSTS
from tests.mock_meta.conftest import DEADLINE, running, until
from tests.mock_meta.inside import PHONE, WABA, account

HTTPS = 443


@dataclass(frozen=True)
class Meta:
    """The mock's address, its authority's certificate, and its control."""

    port: int
    certificate: str
    control: httpx.Client

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.control.request(method, f"/_control{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def requests(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.ask("GET", "/ledger?kind=request")["entries"]
        return entries

    def deliveries(self) -> list[dict[str, Any]]:
        """Webhooks sent so far, once none is pending."""
        until(lambda: self.ask("GET", "/health")["pending_webhooks"] == 0)
        entries: list[dict[str, Any]] = self.ask("GET", "/ledger?kind=webhook")["entries"]
        return entries


@pytest.fixture(scope="package")
def tls_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("tls")
    with running("--tls", "--tls-dir", str(folder), "--quiet", "--behaviour", "instant") as address:
        yield address


@pytest.fixture
def meta(tls_mock: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Meta]:
    """What a hosts file and the lines of ``--tls`` do, for this process: Meta's names lead to the mock, no name elsewhere."""
    trusted = ssl.create_default_context(cafile=tls_mock["ca"])
    with httpx.Client(base_url=tls_mock["url"], verify=trusted, trust_env=False, timeout=DEADLINE) as control:
        found = Meta(httpx.URL(tls_mock["url"]).port or 0, tls_mock["ca"], control)
        found.ask("POST", "/reset", {"accounts": True})
        found.ask("PUT", f"/accounts/{WABA}", account())
        for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(variable, found.certificate)
        monkeypatch.setattr(socket, "getaddrinfo", _leading_to(found.port))
        yield found


def _leading_to(port: int) -> Any:
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, asked: Any, *rest: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in META_HOSTS and int(asked) == HTTPS:
            return real("127.0.0.1", port, *rest, **named)
        if name in {"127.0.0.1", "localhost"}:
            return real(name, asked, *rest, **named)
        raise socket.gaierror(socket.EAI_NONAME, f"tests reach this machine only, not {name}")

    return getaddrinfo


@contextlib.contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application on a free port of this machine; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            until(lambda: server.started)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(DEADLINE)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A file to upload."""
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(32))
    return path


__all__ = ["PHONE", "WABA", "Meta", "serving"]
