"""What every declared function must do with bad input, and tools to make things go wrong.

For tests of what stands on this runtime; never in a bundle. The tests of a service run these
over all that it declares, so that a new endpoint is covered from its first day.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, NamedTuple

import pytest
from pydantic import BaseModel

from contracts.examples import examples
from contracts.golden import ROOT
from contracts.limits import MAX_DEPTH, Entry
from runtime.changes import Change
from runtime.endpoint import Endpoint
from runtime.gateway import MAX_BODY_BYTES
from runtime.reaction import Reaction
from runtime.table import Table
from runtime.testing import Context, request_event


class Response(NamedTuple):
    """What an endpoint answered: the body as a JSON value, None if there is none."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def problem(self) -> tuple[int, str]:
        """Status and type of a problem; the document is checked on the way."""
        assert self.headers["Content-Type"] == "application/problem+json"  # noqa: S101 - a check
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
    """Hand an event to an endpoint as Lambda does."""
    answer = endpoint(event, Context())
    body = json.loads(answer["body"]) if answer["body"] else None
    return Response(answer["statusCode"], body, answer["headers"])


def declared(package: str) -> list[Any]:
    """Return the `handler` of every module of a package, in order of module."""
    path = importlib.import_module(package).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(path, f"{package}."))
    return [importlib.import_module(name).handler for name in names]


def bad_requests(endpoint: Endpoint, valid: object = None) -> Iterator[BadRequest]:
    """Yield what the endpoint must refuse, whatever it does.

    Parameters
    ----------
    endpoint
        The endpoint.
    valid
        A body that it takes, if it takes one.
    """
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


def _parameters(endpoint: Endpoint) -> list[str]:
    return [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]


class Crash(BaseException):
    """The process dies: nothing may catch this."""


@dataclass
class Commits:
    """Every commit to the table, observed, and made to go wrong where a test wants it to.

    Attributes
    ----------
    told
        The events of the commits that were applied, in order.
    """

    told: list[Entry] = field(default_factory=list)
    _countdown: int = 0
    _when: Literal["before", "after"] = "before"
    _action: Callable[[], object] | None = None

    @classmethod
    def observed(cls, monkeypatch: pytest.MonkeyPatch) -> "Commits":
        """Observe the commits of all tables until the patch is undone."""
        commits, commit = cls(), Table.commit

        def observed(table: Table, *changes: Change) -> None:
            action, when = commits._due(), commits._when
            if action and when == "before":
                action()
            commit(table, *changes)
            commits.told += [entry for c in changes for entry in getattr(c, "events", ())]
            if action and when == "after":
                action()

        monkeypatch.setattr(Table, "commit", observed)
        return commits

    def interrupt(
        self,
        action: Callable[[], object],
        *,
        nth: int = 1,
        when: Literal["before", "after"] = "before",
    ) -> None:
        """Do something once, right before or after the nth commit from now."""
        self._action, self._countdown, self._when = action, nth, when

    def crash(self, *, nth: int = 1, when: Literal["before", "after"] = "before") -> None:
        """Die once, right before or after the nth commit from now."""

        def die() -> None:
            raise Crash

        self.interrupt(die, nth=nth, when=when)

    def calm(self) -> None:
        """Forget an interruption that has not come."""
        self._action = None

    @property
    def pending(self) -> bool:
        """Whether the interruption is still to come."""
        return self._action is not None

    def events(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Return what was told, as detail-type, metadata and data; checked against the schemas."""
        for entry in self.told:
            check(entry)
        details = [(entry["detail-type"], json.loads(entry["detail"])) for entry in self.told]
        return [(name, detail["metadata"], detail["data"]) for name, detail in details]

    def _due(self) -> Callable[[], object] | None:
        if self._action is None:
            return None
        self._countdown -= 1
        if self._countdown:
            return None
        action, self._action = self._action, None
        return action


def check(entry: Entry) -> None:
    """Validate an event against the golden schema of its version.

    Raises
    ------
    jsonschema.ValidationError
        It is not what the schema says.
    """
    detail = json.loads(entry["detail"])
    name = entry["detail-type"].partition(".v")[0]
    service = entry["source"].removeprefix("starling.")
    _validator(service, name, detail["metadata"]["schema_version"]).validate(detail)


@cache
def _validator(service: str, name: str, version: str) -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - a tool of the tests alone

    golden = ROOT / "contracts" / "schemas" / service / name / f"{version}.json"
    schema = json.loads(golden.read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
