"""Deliveries over real sockets and TLS, on this machine."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trustme
from anyio.from_thread import start_blocking_portal

from tests.reference.wacrm.conftest import Deployment, deployed, envelope, says, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Server:
    """An https server that answers every POST with `answer` after `delay` seconds."""

    port: int = 0
    answer: str = "200 OK"
    headers: str = ""
    delay: float = 0.0
    paths: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(line for line in head.lower().split("\r\n") if line.startswith("content-length:"))
            await reader.readexactly(int(length.partition(":")[2]))
            self.paths.append(head.split()[1])
            await asyncio.sleep(self.delay)
            answer = self.answer if "redirected" not in self.paths[-1] else "200 OK"
            writer.write(f"HTTP/1.1 {answer}\r\n{self.headers}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@contextmanager
def _receiver(tmp_path: Path, *faults: str, **changes: Any) -> Iterator[tuple[Deployment, Server]]:
    authority, server = trustme.CA(), Server()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with start_blocking_portal() as portal:
        listening = portal.call(lambda: asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context))
        server.port = listening.sockets[0].getsockname()[1]
        allowed = frozenset({f"https://127.0.0.1:{server.port}"})
        settings: dict[str, Any] = {"webhook_allow": allowed, "webhook_ca": tmp_path / "ca.pem"} | changes
        with deployed(*faults, connects=True, **settings) as wacrm:
            yield wacrm, server
        portal.call(listening.close)


def _hook(wacrm: Deployment, url: str) -> dict[str, Any]:
    answer = wacrm.post("/webhooks", {"url": url, "events": ["message.received"]})
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_an_allowed_receiver_gets_its_events_over_tls(tmp_path: Path) -> None:
    with _receiver(tmp_path) as (wacrm, server):
        made = _hook(wacrm, f"https://127.0.0.1:{server.port}/in?a=b")
        wacrm.inbound(says("a", "wamid.1"), says("b", "wamid.2"))
        assert server.paths == ["/in?a=b"] * 2
        assert wacrm.get(f"/webhooks/{made['id']}").json()["data"]["failure_count"] == 0


def test_other_spellings_of_an_allowed_receiver_are_not_contacted(tmp_path: Path) -> None:
    with _receiver(tmp_path) as (wacrm, server):
        url = f"https://receiver.invalid:{server.port}/"
        made = _hook(wacrm, url)
        wacrm.inbound(says("a", "wamid.1"))
        assert server.paths == []
        assert wacrm.get(f"/webhooks/{made['id']}").json()["data"]["failure_count"] == 1


def test_redirects_are_not_followed_and_a_fault_follows_them(tmp_path: Path) -> None:
    for faults, expected in (((), ["/"]), (("redirects-are-followed",), ["/", "/redirected"])):
        with _receiver(tmp_path, *faults) as (wacrm, server):
            server.answer = "307 Temporary Redirect"
            server.headers = f"Location: https://127.0.0.1:{server.port}/redirected\r\n"
            _hook(wacrm, f"https://127.0.0.1:{server.port}/")
            wacrm.inbound(says("a", "wamid.1"))
            assert server.paths == expected


def test_a_slow_receiver_delays_nobody_and_two_faults_let_it(tmp_path: Path) -> None:
    for faults, is_quick in (((), True), (("slow-receiver-blocks-everything",), False)):
        with _receiver(tmp_path, *faults) as (wacrm, server):
            server.delay = 1.0
            _hook(wacrm, f"https://127.0.0.1:{server.port}/")
            began = time.monotonic()
            wacrm.webhook(envelope("111", messages=[says("a", "wamid.1")]))
            until(lambda: bool(server.paths))
            wacrm.get("/me")
            assert (time.monotonic() - began < 0.8) is is_quick
            wacrm.settle()


def test_a_send_does_not_wait_for_its_deliveries_and_a_fault_lets_it(tmp_path: Path) -> None:
    for faults, is_quick in (((), True), (("send-waits-for-its-deliveries",), False)):
        with _receiver(tmp_path, *faults) as (wacrm, server):
            server.delay = 1.0
            body = {"url": f"https://127.0.0.1:{server.port}/", "events": ["conversation.created"]}
            assert wacrm.post("/webhooks", body).status_code == 201
            began = time.monotonic()
            wacrm.send()
            assert (time.monotonic() - began < 0.8) is is_quick
            wacrm.settle()


def test_a_receiver_that_is_too_slow_has_failed(tmp_path: Path) -> None:
    with _receiver(tmp_path, webhook_timeout=0.2) as (wacrm, server):
        server.delay = 1.0
        made = _hook(wacrm, f"https://127.0.0.1:{server.port}/")
        wacrm.inbound(says("a", "wamid.1"))
        assert wacrm.get(f"/webhooks/{made['id']}").json()["data"]["failure_count"] == 1


def test_faults_of_targets_contact_this_machine(tmp_path: Path) -> None:
    spellings = {
        "localhost-is-taken-for-public": "localhost",
        "odd-spellings-of-loopback-are-taken-for-public": "2130706433",
        "loopback-is-taken-for-public": "127.0.0.1",
    }
    for name, host in spellings.items():
        with _receiver(tmp_path, name, webhook_allow=frozenset()) as (wacrm, server):
            _hook(wacrm, f"https://{host}:{server.port}/")
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            wacrm.wacrm.dispatcher.tls_context = lambda context=context: context  # type: ignore[misc]
            wacrm.inbound(says("a", "wamid.1"))
            assert server.paths == ["/"], name
