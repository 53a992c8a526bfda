"""An HTTP server on this machine, for tests of what asks one; never in a bundle."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

_POLL_SECONDS = 0.01


class Asked(NamedTuple):
    """A request that came: the path with its query string, the headers' names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What to answer: bytes are sent as they are, all else as JSON."""

    content: Any = b""
    status: int = 200
    headers: Mapping[str, str] = {}


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[str]:
    """Serve on a free port, and yield the server's URL, without a slash at its end.

    Parameters
    ----------
    answer
        Is called for each request; connections are served in threads of their own.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two packets, the second not to wait

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            content, status, more = answer(Asked(self.command, self.path, headers, body))
            made, kind = content, {}
            if not isinstance(content, bytes):
                made, kind = json.dumps(content).encode(), {"Content-Type": "application/json"}
            self.send_response(status)
            for name, value in (kind | dict(more) | {"Content-Length": str(len(made))}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(made)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
