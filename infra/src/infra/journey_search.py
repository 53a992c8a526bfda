"""The search's part of the journey: what a person sees who looks for it in words."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.text import Text

from infra.found import emphasised, hit, printable
from infra.journey_steps import Caller, json_of, until

_UNAVAILABLE = 503
_MOST = 100

Item = dict[str, Any]


class Search:
    """What is looked for.

    Parameters
    ----------
    caller
        Who searches.
    hop
        Told of each step: which service, and what happened.
    """

    def __init__(self, caller: Caller, hop: Callable[[str, Text], None]) -> None:
        self._caller = caller
        self._hop = hop

    def suggests(self, typed: str, kind: str, wanted: str) -> None:
        """Wait until what is half typed is completed to what has an id."""

        def look() -> Item | None:
            items = self._ask("/suggest", q=typed).get("items", [])
            return next((one for one in items if (one["kind"], one["id"]) == (kind, wanted)), None)

        seen = until(f"{typed!r} was completed to {kind} {wanted}", look, bool) or {}
        self._say(f"{typed}…", "suggests", Text(printable(seen["text"])))

    def finds(
        self,
        text: str,
        kind: str,
        wanted: str,
        *statuses: str,
        marks: Mapping[str, str],
        **filters: str,
    ) -> None:
        """Wait until words find what has an id, as it is to be, with the words emphasised.

        Parameters
        ----------
        text
            The words.
        kind, wanted
            What is to be found; its id.
        statuses
            One of them it is to have.
        marks
            By field, which of its words are to be emphasised.
        filters
            What else the search asks for.
        """

        def look() -> Item | None:
            items = self._ask("/search", q=text, kind=kind, limit=_MOST, **filters).get("items", [])
            return next((one for one in items if one["id"] == wanted), None)

        def good(item: Item | None) -> bool:
            return item is not None and item["status"] in statuses and _marked(item, marks)

        what = f"{text!r} found {kind} {wanted}, {' or '.join(statuses)}, with {dict(marks)} marked"
        seen = until(what, look, good)
        self._say(text, "finds", hit(seen or {}, marks))

    def counts(self, customer: str, **statuses: int) -> None:
        """Wait until so many of a customer's orders have each status, and none another."""

        def look() -> Item | None:
            return self._ask("/search", customer=customer, facets="status").get("facets")

        def good(facets: Item | None) -> bool:
            return facets == {"status": statuses}

        until(f"the orders of {customer} were {statuses}", look, good)
        said = ", ".join(f"{number} {status}" for status, number in statuses.items())
        self._hop("search-sync", Text(f"the customer's orders by status: {said}"))

    def forgets(self, name: str, customer: str) -> None:
        """Wait until neither a customer nor an order of theirs is found by the name."""

        def look() -> list[Item] | None:
            return self._ask("/search", q=name, limit=_MOST).get("items")

        def good(items: list[Item] | None) -> bool:
            theirs = [one for one in items or [] if customer in (one["id"], one["customer_id"])]
            return items is not None and not theirs

        until(f"{name!r} found nothing of {customer}", look, good)
        self._say(name, "finds", Text("nobody any more, and no order"))

    def _ask(self, path: str, **query: Any) -> dict[str, Any]:
        """Return the answer; it is empty as long as the first documents are making the index."""
        answer = self._caller.send("GET", "search-sync", path, params=query)
        return {} if answer.status_code == _UNAVAILABLE else json_of(answer, 200)

    def _say(self, asked: str, does: str, what: Text) -> None:
        self._hop("search-sync", Text.assemble(f"“{asked}” {does} ", what))


def _marked(item: Item, marks: Mapping[str, str]) -> bool:
    found = item["highlights"]
    return all(
        " ".join(emphasised(found.get(field, []))).casefold() == words.casefold()
        for field, words in marks.items()
    )
