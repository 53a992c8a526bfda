"""Passes an operator's requests on to the engine, which nothing outside of its network reaches.

Both ways a body is packed: Lambda takes and returns 6 MB at most. What is passed on is what
`starling search` asks for; what of it is allowed, the engine itself decides.
"""

import base64
import json
import re
import zlib
from typing import Annotated, Any, Final, Literal

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from pydantic import BaseModel, ConfigDict, StringConstraints

from runtime.task import task
from search_sync.engine.client import ALIAS, connected

MOST_BYTES: Final = 6_000_000
"""So much a request and its answer may be, packed; Lambda's own limit is a little above."""

TOO_LARGE: Final = 413

_MOST_UNPACKED = 64_000_000
_SECONDS = 60
_NAME = rf"{ALIAS}[a-z0-9-]*"
_SEVERAL = rf"{ALIAS}[a-z0-9*-]*"
_PASSED_ON = re.compile(
    rf"(?:GET|HEAD) /{_SEVERAL}(?:/_alias/{_SEVERAL})?"
    rf"|(?:DELETE|PUT) /{_NAME}"
    rf"|(?:DELETE|GET|PUT) /{_NAME}/_doc/[a-z]+"
    rf"|POST /{_NAME}/_(?:bulk|count|mget|refresh|search)"
    r"|POST /_aliases"
    r"|(?:DELETE|POST) /_search/scroll"
)


class Asked(BaseModel):
    """A request.

    Attributes
    ----------
    path, query
        As in its URL, quoted.
    body
        Packed, or None.
    """

    model_config = ConfigDict(extra="forbid")

    method: Literal["DELETE", "GET", "HEAD", "POST", "PUT"]
    path: Annotated[str, StringConstraints(max_length=500)]
    query: Annotated[str, StringConstraints(max_length=2000, pattern=r"^[!-~]*$")] = ""
    body: Annotated[str, StringConstraints(max_length=MOST_BYTES)] | None = None


class Answer(BaseModel):
    """What the engine answers, or the relay itself: nobody there (504), not that (403), or 413.

    Attributes
    ----------
    type
        The type of the body's content.
    body
        Packed.
    """

    status: int
    type: str | None
    body: str


def pack(content: bytes) -> str:
    """Return a body as it is passed on."""
    squeezer = zlib.compressobj(wbits=31)
    return base64.b64encode(squeezer.compress(content) + squeezer.flush()).decode()


def unpack(packed: str) -> bytes:
    """Return what was packed.

    Raises
    ------
    ValueError
        It was not, or is larger than anything that is asked or answered.
    """
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(base64.b64decode(packed, validate=True), _MOST_UNPACKED)
    except zlib.error as error:
        raise ValueError("not packed") from error
    if not unpacker.eof:
        raise ValueError("not all of it, or too large")
    return content


def relay_requests(asked: Asked, engine: OpenSearch) -> Answer:
    """Return what the engine answers."""
    if not _PASSED_ON.fullmatch(f"{asked.method} {asked.path}"):
        return _own(403, "not_passed_on")
    try:
        body = None if asked.body is None else unpack(asked.body)
    except ValueError:
        return _own(400, "not_packed")
    url = f"{asked.path}?{asked.query}" if asked.query else asked.path
    connection: Any = engine.transport.get_connection()
    try:
        status, headers, text = connection.perform_request(
            asked.method, url, body=body, timeout=_SECONDS, ignore=range(300, 600)
        )
    except NoConnection as error:
        return _own(504, type(error).__name__)
    content = pack(text.encode("utf-8", "surrogatepass"))
    if len(content) > MOST_BYTES:
        return _own(TOO_LARGE, "answer_too_large")
    return Answer(status=status, type=headers.get("content-type"), body=content)


def _own(status: int, kind: str) -> Answer:
    """Return an answer in the engine's form."""
    said = {"error": {"type": kind, "reason": "said by the relay"}, "status": status}
    return Answer(status=status, type="application/json", body=pack(json.dumps(said).encode()))


handler = task(relay_requests, engine=connected)
