"""A tenant's view of a stage, for tests: requests with tokens of its own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import httpx
from ulid import ULID

from infra import aws
from infra.journey_steps import Caller, until
from infra.signin import sign_in
from infra.stages import Stage

_STARLING = Path(sys.executable).with_name("starling")


@dataclass(frozen=True)
class Tenant:
    """A tenant that no other test knows, with an admin and a member."""

    name: str
    admin: Caller
    member: Caller

    def user(self, name: str = "Ada Lovelace") -> dict[str, Any]:
        """Create a user."""
        email = f"{ULID()}@example.com".lower()
        return created(
            self.admin.send("POST", "users", "/users", json={"name": name, "email": email})
        )

    def product(self, sku: str = "lamp", amount: int = 1999, stock: int = 10) -> str:
        """Put a product on sale."""
        price = {"amount": amount, "currency": "EUR"}
        body = {"name": "Lamp", "price": price, "stock": stock}
        answer = self.admin.send("PUT", "orders", f"/products/{sku}", json=body)
        assert answer.status_code in {200, 201}, answer.text
        return sku

    def order(
        self, customer: str, sku: str = "lamp", quantity: int = 1, **more: Any
    ) -> dict[str, Any]:
        """Place an order, as soon as orders knows the customer; nobody pays it, unless said how."""
        items = [{"sku": sku, "quantity": quantity}]
        body = {"customer_id": customer, "items": items} | more
        return created(
            until(
                "the order was accepted",
                lambda: self.member.send("POST", "orders", "/orders", json=body),
                lambda answer: answer.status_code != 409,
            )
        )

    def reached(self, order: str, *statuses: str, seconds: float = 60) -> dict[str, Any]:
        """Wait until an order has one of some statuses, and return it."""

        def look() -> dict[str, Any]:
            answer = self.member.send("GET", "orders", f"/orders/{order}")
            assert answer.status_code == 200, answer.text
            document: dict[str, Any] = answer.json()
            return document

        wanted = " or ".join(statuses)
        return until(
            f"{order} was {wanted}", look, lambda seen: seen["status"] in statuses, seconds
        )

    def search(self, text: str, **query: Any) -> list[dict[str, Any]]:
        """Return the first page of what a search finds."""
        answer = self.member.send("GET", "search-sync", "/search", params={"q": text} | query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def found(
        self,
        wanted: str,
        good: Callable[[dict[str, Any]], bool] = lambda _: True,
        seconds: int = 30,
    ) -> dict[str, Any]:
        """Wait until a search for an id finds it, and it is good."""

        def item() -> dict[str, Any]:
            return next((i for i in self.search(wanted) if i["id"] == wanted), {})

        return until(f"search found {wanted}", item, lambda i: bool(i) and good(i), seconds=seconds)

    def pages(self, service: str, path: str, limit: int, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield all items of a list, part by part."""
        cursor: dict[str, str] = {}
        while True:
            params: dict[str, Any] = {"limit": limit} | query | cursor
            answer = self.member.send("GET", service, path, params=params)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert len(page["items"]) <= limit
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}


@dataclass(frozen=True)
class UnderTest:
    """A deployed stage."""

    stage: Stage
    outputs: dict[str, Any]
    http: httpx.Client
    forged: set[str] = field(default_factory=set)

    @cached_property
    def apis(self) -> dict[str, str]:
        """Base URL of each service's API."""
        return dict(self.outputs["apis"])

    def fresh_name(self) -> str:
        """Return a tenant's name that nobody has used."""
        return f"t{ULID()}".lower()

    def sign_in(self, tenant: str, user: str, role: str) -> str:
        """Return a token."""
        return sign_in(self.stage, tenant, user, "admin" if role == "admin" else "member")

    def client(self, service: str) -> Any:
        """Return an AWS client for the stage."""
        return aws.client(self.stage, service)

    def starling(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the command line for the stage."""
        return subprocess.run(
            [_STARLING, *arguments, "--stage", self.stage.name],
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    def run(self, service: str, schedule: str, *arguments: str) -> dict[str, Any]:
        """Run a schedule by hand, and return what it says of the run."""
        done = self.starling("run", service, schedule, *arguments)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def forge(self, source: str, kind: str, detail: dict[str, Any]) -> None:
        """Put an event on the bus that no service has published."""
        entry = {
            "EventBusName": self.outputs["bus"],
            "Source": source,
            "DetailType": kind,
            "Detail": json.dumps(detail),
        }
        answer = self.client("events").put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0, answer
        self.forged.add(answer["Entries"][0]["EventId"])

    def tenant(self) -> Tenant:
        """Return a tenant of its own."""
        name = self.fresh_name()
        callers = [
            Caller.signed_in(
                self.stage,
                self.apis,
                partial(self.sign_in, name, f"{role}-{name}", role),
                self.http,
            )
            for role in ("admin", "member")
        ]
        return Tenant(name, *callers)


def created(answer: httpx.Response) -> dict[str, Any]:
    """Return what was created."""
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def assert_problem(answer: httpx.Response, status: int, kind: str | None = None) -> dict[str, Any]:
    """Return the problem document that the answer must be."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json", answer.headers
    document: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= document.keys()
    assert document["status"] == status
    assert "Traceback" not in answer.text
    if kind:
        assert document["type"] == f"/problems/{kind}"
    return document
