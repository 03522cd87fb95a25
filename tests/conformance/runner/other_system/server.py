"""A deployment of the system `ping`: `GET /api/v1/ping` with the right key is answered `{"pong": true}`."""

import http.server
import json
import os
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == "Bearer token" and self.path == "/api/v1/ping"
        body = json.dumps({"pong": True} if known else {"code": "UNAUTHORIZED"}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the process' output is a protocol."""


def main() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "pid": os.getpid()}), flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
