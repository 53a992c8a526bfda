"""The HTTP side: connections that stay open for the next request, as Stripe's do."""

import json
import logging
import os
import socket
import struct
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from .api import Api, Call, Reset
from .idempotency import Answer
from .refusals import Refused, failed
from .webhooks import LOOPBACK

HEALTH = "/health"
MAX_BODY_BYTES = 256 * 1024
_MAX_DIGITS = 12

log = logging.getLogger(__name__)


class Gone(Exception):
    """The caller ended the connection, or sends no more."""


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1; a thread a connection.

    Parameters
    ----------
    port
        Where it listens.
    mark
        What its health shows.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, mark: str) -> None:
        self.mark = mark
        self.api = Api()
        super().__init__((LOOPBACK, port), Handler)

    def server_bind(self) -> None:
        """Bind without looking the machine's name up, as the standard library would."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]  # names are bytes for other families only


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after the other."""

    server: Server
    server_version = "StarlingPayments"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the body of an answer waits for the head's receipt
    timeout = 60  # seconds, for a caller that sends nothing or reads nothing

    def do_GET(self) -> None:
        """Answer a request for what there is."""
        if self.path == HEALTH:
            content = json.dumps({"status": "ready", "mark": self.server.mark}).encode()
            self._send(Answer(HTTPStatus.OK, content))
        else:
            self._serve()

    def do_POST(self) -> None:
        """Answer a request that changes something."""
        self._serve()

    def do_DELETE(self) -> None:
        """Answer a request that ends something."""
        self._serve()

    def _serve(self) -> None:
        started = time.monotonic()
        path, _, query = self.path.partition("?")
        try:
            body = self._body()
            answer = self.server.api.answer(Call(self.command, path, query, self.headers, body))
        except Gone:  # nobody is left to be told
            log.info("the caller has gone")
            self.close_connection = True
            return
        except Reset:
            log.info("%s: the connection is reset", self.command)
            self._reset()
            return
        except Refused as refused:
            answer = _plain(refused)
        except Exception:
            log.exception("a request failed")
            answer = _plain(failed())
        self._send(answer)
        log.info("%s %d in %.3f s", self.command, answer.status, time.monotonic() - started)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if (
            not (length.isascii() and length.isdecimal())
            or len(length) > _MAX_DIGITS
            or "Transfer-Encoding" in self.headers
        ):
            self.close_connection = True  # nobody knows where the next request begins
            raise Refused("The request has no Content-Length.", HTTPStatus.LENGTH_REQUIRED)
        try:
            if int(length) > MAX_BODY_BYTES:
                self._skip(int(length))
                raise Refused(
                    f"The request has more than {MAX_BODY_BYTES} bytes.",
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                )
            body = self.rfile.read(int(length))
        except OSError as error:
            raise Gone from error
        if len(body) < int(length):
            raise Gone
        return body

    def _skip(self, length: int) -> None:
        """Take the rest of a request: a caller that still sends would not read the answer."""
        while length > 0 and (piece := self.rfile.read(min(length, 64 * 1024))):
            length -= len(piece)

    def _reset(self) -> None:
        """End the connection as a crash would: the caller gets no farewell, but an error."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def _send(self, answer: Answer) -> None:
        try:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer.content)
        except OSError as error:
            log.info("the answer did not arrive: %s", error)
            self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request, in the same shape as everything else."""
        del explain
        self.close_connection = True
        self.request_version = self.protocol_version  # else what is no request gets no head
        self._send(_plain(Refused(message or "Invalid request", HTTPStatus(code))))

    def log_message(self, *_: object) -> None:
        """Say nothing: what is worth a line is logged with its outcome."""


def _plain(refused: Refused) -> Answer:
    return Answer(refused.status, json.dumps(refused.body).encode())
