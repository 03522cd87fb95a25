"""The client that carries webhooks, on real sockets."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from mock_meta.webhooks.transport import HttpTransport, Reply, TransportError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Listener:
    """Answers every request with the same bytes, or never (None); remembers heads and connections."""

    def __init__(self, answer: bytes | None) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self._answer = answer

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                await reader.readexactly(int(length.partition(b":")[2]))
                self.heads.append(head)
                if self._answer is not None:
                    writer.write(self._answer)
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


def run(listener: Listener, action: Callable[[int], Awaitable[None]], tls: ssl.SSLContext | None = None) -> None:
    async def main() -> None:
        server = await asyncio.start_server(listener, "127.0.0.1", 0, ssl=tls)
        async with server:
            await action(server.sockets[0].getsockname()[1])

    asyncio.run(main())


def test_of_an_endless_answer_the_beginning_is_enough() -> None:
    listener = Listener(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n" + b"x" * 0x20000 + b"\r\n")

    async def action(port: int) -> None:
        transport = HttpTransport(5.0)
        found = await transport.post(f"http://127.0.0.1:{port}/", b"{}", {})
        assert (found.status, len(found.body)) == (200, 65536)
        await transport.close()

    run(listener, action)


def test_headers_go_out_as_given_on_connections_that_are_kept() -> None:
    listener = Listener(OK)

    async def action(port: int) -> None:
        transport = HttpTransport(5.0)
        for _ in range(3):
            found = await transport.post(
                f"http://127.0.0.1:{port}/hook?a=%2F", b"{}", {"X-Hub-Signature": "sha1=x", "Accept": "*/*"}
            )
            assert found == Reply(200, "ok")
        await transport.close()

    run(listener, action)
    assert (listener.connections, len(listener.heads)) == (1, 3)
    assert listener.heads[0].startswith(b"POST /hook?a=%2F HTTP/1.1\r\n")
    assert b"X-Hub-Signature: sha1=x\r\n" in listener.heads[0]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(None, "no answer within 0.2 s"), (b"nonsense\r\n\r\n", "BadHttpMessage|BadStatusLine|Expected HTTP")],
)
def test_what_is_no_answer_is_an_error(answer: bytes | None, reason: str) -> None:
    async def action(port: int) -> None:
        transport = HttpTransport(0.2)
        with pytest.raises(TransportError, match=reason):
            await transport.post(f"http://127.0.0.1:{port}/", b"{}", {})
        await transport.close()

    run(Listener(answer), action)


def test_redirects_and_proxies_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    async def action(port: int) -> None:
        transport = HttpTransport(5.0)
        assert (await transport.post(f"http://127.0.0.1:{port}/", b"{}", {})).status == 307
        await transport.close()

    run(Listener(b"HTTP/1.1 307 Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"), action)


def test_https_needs_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)

    async def action(port: int) -> None:
        trusting, doubting = HttpTransport(5.0, str(file)), HttpTransport(5.0)
        url = f"https://127.0.0.1:{port}/"
        assert (await trusting.post(url, b"{}", {})).body == "ok"
        with pytest.raises(TransportError, match=r"^TLS: .*certificate verify failed"):
            await doubting.post(url, b"{}", {})
        await trusting.close()
        await doubting.close()

    run(Listener(OK), action, tls)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9/", "cannot connect to 127.0.0.1:9: Connection refused"),
        ("https://127.0.0.1:9/", "cannot connect to 127.0.0.1:9: Connection refused"),
        ("http://[::1/", "Invalid"),
        ("nonsense", "nonsense"),
    ],
)
def test_where_nothing_is_there_is_an_error(url: str, reason: str) -> None:
    async def action() -> None:
        transport = HttpTransport(5.0)
        with pytest.raises(TransportError, match=reason):
            await transport.post(url, b"{}", {})
        await transport.close()

    asyncio.run(action())
