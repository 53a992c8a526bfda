"""The HTTP side: AWS's JSON protocol, a request at a time."""

import json
import logging
import select
import socket
import threading
import time
import uuid
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from .answers import detected
from .images import decoded
from .loopback import LOOPBACK
from .model import Model
from .objects import Store
from .refusals import Refused, constraint, internal_error, unknown_operation, unreadable_request
from .request import MAX_BODY_BYTES, MAX_BYTES, StoredObject, picture_of

HEALTH = "/health"
TARGET = "RekognitionService.DetectText"
_MAX_DIGITS = 12

log = logging.getLogger(__name__)


class Gone(Exception):
    """The caller ended the connection, or sends no more."""


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1; a thread a request, of which one at a time reads its picture.

    Parameters
    ----------
    port
        Where it listens.
    mark
        What its health shows.
    store
        Where pictures are fetched from.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, mark: str, store: Store) -> None:
        self.mark = mark
        self.store = store
        self.model = Model()
        self.turn = threading.Lock()
        super().__init__((LOOPBACK, port), Handler)

    def server_bind(self) -> None:
        """Bind without looking the machine's name up, as the standard library would."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]  # names are bytes for other families only


class Handler(BaseHTTPRequestHandler):
    """Answers one request; every connection has just one."""

    server: Server
    server_version = "StarlingVision"
    sys_version = ""
    timeout = 30  # seconds, for a caller that sends nothing or reads nothing

    def do_GET(self) -> None:
        """Tell that it runs, and whose it is."""
        if self.path == HEALTH:
            self._answer(HTTPStatus.OK, {"status": "ready", "mark": self.server.mark})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {})

    def do_POST(self) -> None:
        """Read a picture."""
        started = time.monotonic()
        try:
            answer = self._detect_text(self._body())
        except Gone:  # nobody is left to be told
            log.info("the caller has gone")
        except Refused as refusal:
            self._refuse(refusal)
        except Exception:
            log.exception("a request failed")
            self._refuse(internal_error())
        else:
            found, seconds = len(answer["TextDetections"]), time.monotonic() - started
            log.info("%d detections in %.2f s", found, seconds)
            self._answer(HTTPStatus.OK, answer)

    def _refuse(self, refusal: Refused) -> None:
        log.info("%s %s", refusal.kind, refusal.__cause__ or "")
        self._answer(
            refusal.status,
            {"__type": refusal.kind, "Code": refusal.kind, "Message": str(refusal)},
        )

    def _detect_text(self, body: bytes) -> dict[str, Any]:
        target = self.headers.get("X-Amz-Target", "")
        if target != TARGET:
            raise unknown_operation(target)
        picture = picture_of(body)
        with self.server.turn:
            if self._caller_has_gone():
                raise Gone
            if isinstance(picture, StoredObject):
                picture = self.server.store.fetch(picture)
            return detected(self.server.model.read(decoded(picture)))

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > _MAX_DIGITS:
            raise unreadable_request("The request has no Content-Length.")
        try:
            if int(length) > MAX_BODY_BYTES:
                self._skip(int(length))
                raise constraint("image.bytes", f"have a length from 1 to {MAX_BYTES}")
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

    def _caller_has_gone(self) -> bool:
        """Whether the connection was closed while the request waited for its turn."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _answer(self, status: HTTPStatus, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
            self.end_headers()
            self.wfile.write(content)
        except OSError as error:
            log.info("the answer did not arrive: %s", error)

    def log_request(self, *_: object) -> None:
        """Say nothing: what is worth a line is logged with its outcome."""
