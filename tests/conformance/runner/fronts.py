"""A reverse proxy that a test puts before a server, to answer some requests in its place."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Answer = tuple[int, Mapping[str, str], bytes]
    Instead = Callable[[str, str, Mapping[str, str]], Answer | None]

HOP_BY_HOP = {"connection", "content-length", "content-encoding", "date", "host", "server", "transfer-encoding"}


@contextmanager
def front(upstream: str, instead: Instead) -> Iterator[str]:
    """The address of a proxy of `upstream`; where `instead(method, path, headers)` gives an answer, that is the answer."""
    with httpx.Client(base_url=upstream, trust_env=False, timeout=40.0) as client:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(client, instead))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


def _handler(client: httpx.Client, instead: Instead) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            known = {name.lower(): value for name, value in self.headers.items()}
            status, headers, content = instead(self.command, self.path, known) or self._asked(known, body)
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _asked(self, headers: Mapping[str, str], body: bytes) -> Answer:
            passed = {name: value for name, value in headers.items() if name not in HOP_BY_HOP}
            response = client.request(self.command, self.path, headers=passed, content=body)
            return response.status_code, response.headers, response.content

        def log_message(self, *_: object) -> None:
            pass

        def __getattr__(self, name: str) -> Callable[[], None]:
            """`do_<METHOD>` of every method."""
            if not name.startswith("do_"):
                raise AttributeError(name)
            return self.do_GET

    return Handler
