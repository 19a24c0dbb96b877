"""A gateway for text messages on loopback, by the server of Python's own library: it takes, refuses, or goes silent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class TextSink:
    """What came, and what is answered: ``status`` 0 hangs up in the middle, with the message in its hands."""

    status: int = 201
    came: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """What the header Idempotency-Key said."""
    url: str = ""

    @contextmanager
    def listening(self, port: int = 0) -> Iterator["TextSink"]:
        """Listen until the end."""
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sink.came.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                sink.keys.append(self.headers.get("idempotency-key", ""))
                if sink.status:
                    answer = json.dumps({"message": {"id": f"SM{len(sink.came)}"}}).encode()
                    self.send_response(sink.status)
                    self.send_header("content-length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}/messages"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
