"""What every declared function must do with bad input.

For tests of what stands on this runtime; never in a bundle. The tests of a service run these
over all that it declares, so that a new endpoint is covered from its first day.
"""

import base64
import importlib
import json
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

from pydantic import BaseModel

from contracts.examples import examples
from contracts.limits import MAX_DEPTH
from runtime.endpoint import Endpoint
from runtime.gateway import MAX_BODY_BYTES
from runtime.problems import CONTENT_TYPE
from runtime.queued import Queued
from runtime.reaction import Reaction
from runtime.refusals import is_declared
from runtime.signed import Signed
from runtime.testing import Context, request_event


class Response(NamedTuple):
    """What an endpoint answered: the body as a JSON value, None if there is none."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def problem(self) -> tuple[int, str]:
        """Status and type of a problem; the document is checked on the way."""
        assert self.headers["Content-Type"] == CONTENT_TYPE  # noqa: S101 - a check
        assert self.body["status"] == self.status  # noqa: S101 - a check
        assert {"title", "detail", "correlation_id"} <= self.body.keys()  # noqa: S101 - a check
        return self.status, self.body["type"].removeprefix("/problems/")

    @property
    def fields(self) -> list[str]:
        """The fields that a problem names."""
        return [error["field"] for error in self.body.get("errors", [])]


class BadRequest(NamedTuple):
    """A request that an endpoint must refuse, and the problem that it must answer."""

    what: str
    event: dict[str, Any]
    problem: tuple[int, str]


def ask(endpoint: Endpoint, **request: Any) -> Response:
    """Ask an endpoint; the keywords are those of `runtime.testing.request_event`."""
    return send(endpoint, request_event(**request))


def send(endpoint: Endpoint, event: dict[str, Any]) -> Response:
    """Hand an event to an endpoint as Lambda does; the answer must be one that it declares."""
    answer = endpoint(event, Context())
    body = json.loads(answer["body"]) if answer["body"] else None
    response = Response(answer["statusCode"], body, answer["headers"])
    problem = response.headers.get("Content-Type") == CONTENT_TYPE
    kind = response.problem[1] if problem else None
    declared = is_declared(endpoint, response.status, kind)
    assert declared, f"{endpoint.name} does not declare {response.status} {kind}"  # noqa: S101 - a check
    return response


def declared(package: str) -> list[Any]:
    """Return the `handler` of every module of a package, in order of module.

    A module whose `route` is a queued endpoint has none.
    """
    path = importlib.import_module(package).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(path, f"{package}."))
    modules = [importlib.import_module(name) for name in names]
    return [m.handler for m in modules if hasattr(m, "handler") or not _is_queued(m)]


def bad_requests(endpoint: Endpoint, valid: object = None) -> Iterator[BadRequest]:
    """Yield what the endpoint must refuse, whatever it does.

    Parameters
    ----------
    endpoint
        The endpoint.
    valid
        A body that it takes, if it takes one.
    """
    if isinstance(endpoint, Signed):
        yield from _unproven(endpoint)
        return
    path = dict.fromkeys(_parameters(endpoint), "x1")
    fine: dict[str, Any] = {"path": path, "body": valid}
    invalid = (400, "invalid-request")
    stranger = request_event(**fine)
    del stranger["requestContext"]["authorizer"]
    yield BadRequest("no authorizer", stranger, (401, "unauthenticated"))
    yield BadRequest("no tenant", request_event(**fine, tenant=""), (401, "unauthenticated"))
    if endpoint.role == "admin":
        for role in ("member", "Admin", ""):
            other = request_event(**fine, role=role)
            yield BadRequest(f"role {role!r}", other, (403, "forbidden"))
    yield BadRequest("a parameter", request_event(**fine, query={"no_such": "1"}), invalid)
    for tag in ("3", '"0"', '"3", "4"', '"' + "9" * 40 + '"'):
        odd = request_event(**fine, headers={"If-Match": tag})
        yield BadRequest(f"If-Match: {tag[:9]}", odd, invalid)
    for name in path:
        for text in ("..", "a#b", "%00", "x" * 200, ""):
            odd = request_event(**fine | {"path": path | {name: text}})
            yield BadRequest(f"{name} {text[:9]!r}", odd, (404, "not-found"))
    if endpoint.idempotent:
        for key in ("", "a b", "é", "x" * 256):
            odd = request_event(**fine, headers={"Idempotency-Key": key})
            yield BadRequest(f"Idempotency-Key {key[:9]!r}", odd, invalid)
    if endpoint.body:
        yield from _bad_bodies(endpoint.body, path)


def _unproven(endpoint: Signed) -> Iterator[BadRequest]:
    """Yield requests of callers who cannot sign: a token is of no use to them."""
    nobody, malformed = (401, "unauthenticated"), (400, "malformed-request")
    for signature in ("", "x", "t=1", "t=1,v1=" + "0" * 64, "é" * 5000):
        headers = {endpoint.header: signature}
        yield BadRequest(
            f"signed {signature[:9]!r}", request_event(body={}, headers=headers), nobody
        )
    for raw in ("{}", "", "[" * 30_000, "\x00"):
        yield BadRequest(f"unsigned {raw[:9]!r}", request_event(raw=raw), nobody)
    yield BadRequest("without a body", request_event(), nobody)
    yield BadRequest("half a character", request_event(raw='{"a": "\ud800"}'), malformed)
    odd = request_event(raw="e30") | {"isBase64Encoded": True}
    yield BadRequest("not base 64", odd, malformed)
    large = "é" * (MAX_BODY_BYTES // 2 + 1)
    yield BadRequest("too large", request_event(raw=large), malformed)
    encoded = base64.b64encode(large.encode()).decode()
    odd = request_event(raw=encoded) | {"isBase64Encoded": True}
    yield BadRequest("too large in base 64", odd, malformed)


def _bad_bodies(model: type[BaseModel], path: dict[str, str]) -> Iterator[BadRequest]:
    def body(raw: str, **more: Any) -> dict[str, Any]:
        return request_event(raw=raw, path=path, **more)

    malformed, invalid = (400, "malformed-request"), (400, "invalid-request")
    for raw in ("", "{", '{"a": NaN}', '{"a": "\\ud800', "[1,]", "\x00", "1" * 5000):
        yield BadRequest(f"malformed {raw[:9]!r}", body(raw), malformed)
    for raw in ("null", "[]", "7", '"text"', "true", "{}"):
        yield BadRequest(f"not the object: {raw}", body(raw), invalid)
    for depth in (MAX_DEPTH, 30_000):
        raw = '{"a":' + "[" * depth + "]" * depth + "}"
        yield BadRequest(f"{depth + 1} levels deep", body(raw), invalid)
    large = json.dumps({"a": "é" * (MAX_BODY_BYTES // 2)}, ensure_ascii=False)
    yield BadRequest("too large", body(large), (413, "too-large"))
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"):
        odd = body("{}", headers={"Content-Type": kind})
        yield BadRequest(f"content type {kind!r}", odd, (415, "unsupported-media-type"))
    yield BadRequest("an unknown field", body('{"no_such": 1}'), invalid)
    wrong: tuple[object, ...] = ({"no": 1}, [[]], 1.5, "\ud800")
    for name in model.model_fields:
        for value in wrong:
            odd = body(json.dumps({name: value}))
            yield BadRequest(f"{name} is {json.dumps(value)}", odd, invalid)


def good_messages(package: str) -> Iterator[tuple[Reaction, dict[str, Any]]]:
    """Yield each reaction of a package with each released minor of what it reads, as examples."""
    for reaction in declared(package):
        for example in examples(reaction.detail_type):
            yield reaction, example.event


def bad_messages(reaction: Reaction) -> Iterator[tuple[str, str]]:
    """Yield messages that break the reaction's contract, each named by what is wrong."""
    fine = json.dumps(next(iter(examples(reaction.detail_type))).event)
    for text in ("", "not JSON", "null", "[]", "{}", "[" * 30_000, fine[:-1]):
        yield f"body {text[-9:]!r}", text
    wrong: dict[str, object] = {
        "source": "starling.nobody",
        "detail-type": f"{reaction.reader.event_name}.v{reaction.reader.major + 1}",
        "detail": None,
        "detail.metadata": [],
        "detail.metadata.id": "1",
        "detail.metadata.schema_version": f"{reaction.reader.major + 1}.0",
        "detail.metadata.revision": 0,
        "detail.metadata.tenant_id": "Acme#",
        "detail.metadata.subject": "",
        "detail.data": {},
        **{f"detail.data.{name}": {"no": 1} for name in reaction.reader.model_fields},
    }
    for path, value in wrong.items():
        event = json.loads(fine)
        *parents, last = path.split(".")
        place = event
        for parent in parents:
            place = place[parent]
        place[last] = value
        yield f"{path} is {json.dumps(value)}", json.dumps(event)


def _is_queued(module: ModuleType) -> bool:
    return isinstance(getattr(module, "route", None), Queued)


def _parameters(endpoint: Endpoint) -> list[str]:
    return [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
