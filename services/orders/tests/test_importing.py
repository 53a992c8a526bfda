"""Rows of imports: in any order, twice, broken, raced and crashed, beside what people say."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.products import Products
from orders.reactions import on_product_rows_accepted
from runtime.changes import Contended, Create, Key, RevisionConflict
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.conformance import bad_messages, good_messages
from runtime.ids import new_id, new_ulid
from runtime.reaction import Reaction
from runtime.table import Table
from runtime.testing import TABLE, Context, Queues, incoming, queue_event

REACTION: Reaction = on_product_rows_accepted.handler
GOOD = [e for r, e in good_messages("orders.reactions") if r.name == REACTION.name]
BROKEN = [pytest.param(body, id=what) for what, body in bad_messages(REACTION)]

# Asked for long before and long after any test, with ids as `new_id` makes them.
LAST_YEAR = "med_01K9XH7M4Q2V8R6T0W3Y5Z0001"
OLD, NEW = "med_7ZZZZZZZZZZZZZZZZZZZZZZZZ1", "med_7ZZZZZZZZZZZZZZZZZZZZZZZZ2"

Rows = list[tuple[int, str, int]]
"""Of each row the line, the SKU and the stock."""


class Imports:
    """What the media service tells of imports, and its way to the reaction."""

    def rows(self, media_id: str, rows: Rows, **more: Any) -> dict[str, Any]:
        data = {
            "media_id": media_id,
            "batch": 1,
            "rows": [self._row(*row) for row in rows],
            "accepted_at": "2026-11-20T08:30:00Z",
        }
        subject = media_id
        return incoming("starling.media", "ProductRowsAccepted.v1", data, subject=subject, **more)

    def deliver(self, *events: dict[str, Any]) -> None:
        """Deliver events that are handled without failure."""
        for event in events:
            assert self.attempt(event) == []

    def attempt(self, event: dict[str, Any]) -> list[Any]:
        """Deliver an event; return the failures."""
        failures: list[Any] = REACTION(queue_event(event), Context())["batchItemFailures"]
        return failures

    def _row(self, line: int, sku: str, stock: int) -> dict[str, Any]:
        price = {"amount": 100 + stock, "currency": "EUR"}
        return {"line": line, "sku": sku, "name": f"A {sku}", "price": price, "stock": stock}


@pytest.fixture
def imports(service_table: Table, queues: Queues) -> Imports:
    return Imports()


@pytest.fixture
def parts_of_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit two products at a time: the stand-in for DynamoDB is slow with many."""
    monkeypatch.setattr("orders.importing._PART", 2)


def many(rows: int, stock: int = 1) -> Rows:
    return [(number + 2, f"sku-{number}", stock) for number in range(rows)]


def items() -> list[dict[str, Any]]:
    return sorted(client("dynamodb").scan(TableName=TABLE)["Items"], key=lambda i: i["pk"]["S"])


def seen(sku: str = "tea", tenant: str = "acme") -> tuple[int, int] | None:
    """Return the stock and the revision of a product."""
    product = Products.connect().find(tenant, sku)
    return None if product is None else (product.stock, product.revision)


def forget_what_was_said() -> None:
    """Leave a product as it was kept before it was remembered who said so."""
    client("dynamodb").update_item(
        TableName=TABLE,
        Key=Key("TENANT#acme#PRODUCT#tea", "PRODUCT").attributes(),
        UpdateExpression="REMOVE #data.as_of",
        ExpressionAttributeNames={"#data": "data"},
    )


def test_it_reads_the_rows_of_media() -> None:
    assert (REACTION.source, REACTION.detail_type) == ("starling.media", "ProductRowsAccepted.v1")
    assert not REACTION.fact


def test_a_row_puts_a_product_on_sale(api: Any, imports: Imports) -> None:
    imports.deliver(imports.rows(NEW, [(2, "tea", 9)]))
    response = api.product("tea")
    assert response.body == {
        "sku": "tea",
        "name": "A tea",
        "price": {"amount": 109, "currency": "EUR"},
        "stock": 9,
        "picture": None,
        "revision": 1,
    }
    assert response.headers["ETag"] == '"1"'


def test_a_row_replaces_what_was_said_before(api: Any, imports: Imports) -> None:
    api.put("tea")
    imports.deliver(imports.rows(NEW, [(2, "tea", 3)]))
    body = api.product("tea").body
    assert (body["stock"], body["price"]["amount"], body["revision"]) == (3, 103, 2)


def test_a_row_that_says_nothing_new_makes_no_revision(imports: Imports) -> None:
    imports.deliver(imports.rows(OLD, [(2, "tea", 3)]), imports.rows(NEW, [(2, "tea", 3)]))
    assert seen() == (3, 1)


def test_a_product_of_before_words_were_remembered_takes_any(api: Any, imports: Imports) -> None:
    api.put("tea")
    forget_what_was_said()
    imports.deliver(imports.rows(LAST_YEAR, [(2, "tea", 3)]))
    assert seen() == (3, 2)
    api.put("tea")
    forget_what_was_said()
    assert api.put("tea", amount=7).body["revision"] == 4


def test_what_a_person_says_later_is_not_overwritten(api: Any, imports: Imports) -> None:
    api.put("tea")
    imports.deliver(imports.rows(LAST_YEAR, [(2, "tea", 3), (3, "jam", 4)]))
    assert (seen("tea"), seen("jam")) == ((9, 1), (4, 1))


def test_a_person_who_says_the_same_again_is_not_overwritten_either(
    api: Any, imports: Imports
) -> None:
    imports.deliver(imports.rows("med_01K9XH7M4Q2V8R6T0W3Y5Z0000", [(2, "tea", 9)]))
    assert api.put("tea", amount=109).body["revision"] == 1
    imports.deliver(imports.rows(LAST_YEAR, [(2, "tea", 3)]))
    assert seen() == (9, 1)


def test_a_person_may_always_change_what_an_import_said(api: Any, imports: Imports) -> None:
    # The clock of whoever gave the import its id may be ahead.
    imports.deliver(imports.rows(NEW, [(2, "tea", 3)]))
    assert api.put("tea").body["revision"] == 2
    imports.deliver(imports.rows(OLD, [(2, "tea", 4)]), imports.rows(NEW, [(2, "tea", 3)]))
    assert seen() == (9, 2)


def test_an_import_counts_from_when_it_was_asked_for(
    api: Any, imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter(range(10**20, 2 * 10**20, 10**6))  # a millisecond apart
    with monkeypatch.context() as patched:
        patched.setattr("runtime.ids.time.time_ns", lambda: next(moments))
        before = new_id("med")
        api.put("tea")
        after = new_id("med")
    imports.deliver(imports.rows(before, [(2, "tea", 1)]))
    assert seen() == (9, 1)
    imports.deliver(imports.rows(after, [(2, "tea", 1)]))
    assert seen() == (1, 2)


@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_the_last_line_of_the_last_import_counts_in_whatever_order_they_come(
    imports: Imports, order: tuple[int, ...]
) -> None:
    events = [
        imports.rows(OLD, [(2, "tea", 1)]),
        imports.rows(OLD, [(900, "tea", 2)]),
        imports.rows(NEW, [(9, "tea", 3)]),
        imports.rows(NEW, [(10, "tea", 4)]),
    ]
    imports.deliver(*[events[number] for number in order])
    latest = {max(order[:number]) for number in range(1, 5)}
    assert seen() == (4, len(latest))


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_rows_of_one_product_in_a_part_the_one_further_down_counts(
    imports: Imports, turned: bool
) -> None:
    rows: Rows = [(2, "tea", 1), (3, "jam", 5), (4, "tea", 2)]
    imports.deliver(imports.rows(NEW, rows[::-1] if turned else rows))
    assert (seen("tea"), seen("jam")) == ((2, 1), (5, 1))


def test_the_same_part_twice_changes_nothing(imports: Imports, commits: Commits) -> None:
    event = imports.rows(NEW, many(5))
    imports.deliver(event)
    before = items()
    commits.crash()  # at any commit, but none comes
    imports.deliver(event, imports.rows(NEW, many(5)))
    commits.calm()
    assert items() == before
    assert len(before) == 5


@pytest.mark.parametrize("rows", [1, 100, 101, 200])
def test_a_part_of_any_size_is_taken_in(imports: Imports, commits: Commits, rows: int) -> None:
    imports.deliver(imports.rows(NEW, many(rows)))
    assert {seen(sku) for _, sku, _ in many(rows)} == {(1, 1)}
    assert len(items()) == rows
    assert commits.told == []


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_commit_changes_nothing_in_the_end(
    imports: Imports, parts_of_2: None, commits: Commits, nth: int, when: Any
) -> None:
    imports.deliver(imports.rows(OLD, many(3, stock=7)))
    event = imports.rows(NEW, many(5))
    commits.crash(nth=nth, when=when)
    with pytest.raises(Crash):
        imports.deliver(event)
    imports.deliver(event)
    assert [seen(sku) for _, sku, _ in many(5)] == [(1, 2)] * 3 + [(1, 1)] * 2


def test_a_crash_is_repaired_after_a_later_import_too(
    imports: Imports, parts_of_2: None, commits: Commits
) -> None:
    event = imports.rows(OLD, many(5))
    commits.crash(when="after")
    with pytest.raises(Crash):
        imports.deliver(event)
    imports.deliver(imports.rows(NEW, [(2, "sku-0", 5), (3, "sku-4", 6)]), event)
    assert (seen("sku-0"), seen("sku-4")) == ((5, 2), (6, 1))
    assert {seen(sku) for _, sku, _ in many(5)[1:-1]} == {(1, 1)}


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("order", [*permutations([OLD, NEW])])
def test_of_two_imports_at_the_same_moment_the_later_one_stays(
    imports: Imports, commits: Commits, known: bool, order: tuple[str, str]
) -> None:
    if known:
        imports.deliver(imports.rows(LAST_YEAR, [(2, "tea", 0)]))
    stock = {OLD: 1, NEW: 2}
    mine, theirs = order
    commits.interrupt(lambda: imports.deliver(imports.rows(theirs, [(2, "tea", stock[theirs])])))
    imports.deliver(imports.rows(mine, [(2, "tea", stock[mine]), (3, "jam", 3)]))
    assert (seen("tea") or (0, 0))[0] == stock[NEW]
    assert seen("jam") == (3, 1)


def test_the_same_part_at_the_same_moment_is_taken_in_once(
    imports: Imports, parts_of_2: None, commits: Commits
) -> None:
    event = imports.rows(NEW, many(5))
    commits.interrupt(lambda: imports.deliver(event), nth=2)
    imports.deliver(event)
    assert {seen(sku) for _, sku, _ in many(5)} == {(1, 1)}


@pytest.mark.parametrize("amount", [500, 109])
def test_a_person_at_the_same_moment_is_not_overwritten(
    api: Any, imports: Imports, commits: Commits, amount: int
) -> None:
    imports.deliver(imports.rows("med_01K9XH7M4Q2V8R6T0W3Y5Z0000", [(2, "tea", 9)]))
    # 109 is what the product costs: even that makes no revision, but was said.
    commits.interrupt(lambda: api.put("tea", amount=amount))
    imports.deliver(imports.rows(LAST_YEAR, [(2, "tea", 3)]))
    assert api.product("tea").body["price"]["amount"] == amount


def test_a_person_who_comes_second_has_to_try_again(
    api: Any, imports: Imports, commits: Commits
) -> None:
    imports.deliver(imports.rows(OLD, [(2, "tea", 9)]))
    commits.interrupt(lambda: imports.deliver(imports.rows(NEW, [(2, "tea", 9)])))
    assert api.put("tea").problem == (409, "conflict")
    assert api.put("tea").body["revision"] == 2


def test_an_import_of_another_tenant_does_not_reach_the_product(api: Any, imports: Imports) -> None:
    api.put("tea")
    imports.deliver(imports.rows(NEW, [(2, "tea", 3)], tenant="globex"))
    assert (seen(), seen(tenant="globex")) == ((9, 1), (3, 1))
    assert api.product("tea", tenant="globex").body["stock"] == 3


def test_a_failure_of_ours_comes_again(
    imports: Imports, parts_of_2: None, commits: Commits
) -> None:
    def fail() -> None:
        raise Contended

    commits.interrupt(fail, nth=2)
    event = imports.rows(NEW, many(5))
    assert imports.attempt(event) == [{"itemIdentifier": "message-0"}]
    assert len(items()) == 2
    assert imports.attempt(event) == []
    assert {seen(sku) for _, sku, _ in many(5)} == {(1, 1)}


def test_products_that_go_on_changing_are_tried_again_later(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []

    def lost(*_: object) -> None:
        attempts.append(1)
        raise RevisionConflict(Create(key=Key("pk", "sk"), data={}))

    event = imports.rows(NEW, [(2, "tea", 3)])
    with monkeypatch.context() as patched:
        patched.setattr(Table, "commit", lost)
        assert imports.attempt(event) == [{"itemIdentifier": "message-0"}]
    assert len(attempts) == 4
    imports.deliver(event)
    assert seen() == (3, 1)


@pytest.mark.parametrize("event", GOOD)
def test_every_released_minor_is_handled(
    imports: Imports, queues: Queues, event: dict[str, Any]
) -> None:
    imports.deliver(event)
    assert queues.dead() == []
    tenant = event["detail"]["metadata"]["tenant_id"]
    for row in event["detail"]["data"]["rows"]:
        assert seen(row["sku"], tenant) == (row["stock"], 1)


@pytest.mark.parametrize("body", BROKEN)
def test_a_broken_message_is_set_aside_and_the_others_go_on(
    imports: Imports, queues: Queues, body: str
) -> None:
    fine = imports.rows(NEW, [(2, "tea", 3)])
    assert REACTION(queue_event(body, fine), Context()) == {"batchItemFailures": []}
    (dead,) = queues.dead()
    assert dead["Body"] == body
    assert dead["MessageAttributes"]["reason"]["StringValue"].startswith("$")
    assert [item["pk"]["S"] for item in items()] == ["TENANT#acme#PRODUCT#tea"]


@pytest.mark.parametrize(
    "change",
    [
        {"rows": []},
        {"rows": [{}]},
        {"rows": [{"line": 2, "sku": "tea", "name": "Tea", "price": 5, "stock": 1}]},
        {"rows": {"line": 2}},
        {"media_id": "med_1"},
    ],
)
def test_rows_that_are_none_are_set_aside(
    imports: Imports, queues: Queues, change: dict[str, Any]
) -> None:
    event = imports.rows(NEW, [(2, "tea", 3)])
    event["detail"]["data"] |= change
    imports.deliver(event)
    assert len(queues.dead()) == 1
    assert items() == []


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([OLD, NEW]),
        st.lists(
            st.tuples(st.integers(2, 30), st.sampled_from(["tea", "jam"]), st.integers(0, 3)),
            min_size=1,
            max_size=3,
            unique_by=lambda row: row[0],
        ),
    ),
    min_size=1,
    max_size=4,
)
TROUBLE = st.sampled_from(["", "", "before", "after"])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=EVENTS, data=st.data())
def test_whatever_comes_when_the_products_are_as_the_files_say_read_from_top_to_bottom(
    imports: Imports, commits: Commits, told: list[tuple[str, Rows]], data: st.DataObject
) -> None:
    tenant = f"t-{new_ulid().lower()}"
    # A line of a file says one thing, whatever parts the file is cut into.
    said = {(media_id, line): (sku, stock) for media_id, rows in told for line, sku, stock in rows}
    events = [
        imports.rows(
            media_id, [(line, *said[media_id, line]) for line, _, _ in rows], tenant=tenant
        )
        for media_id, rows in told
    ]
    again = data.draw(st.lists(st.sampled_from(events), max_size=3))
    for event in data.draw(st.permutations([*events, *again])):
        trouble = data.draw(TROUBLE)
        if trouble:
            commits.crash(when=trouble)
        try:
            imports.deliver(event)
        except Crash:
            imports.deliver(event)
        commits.calm()
    final = {sku: stock for _, (sku, stock) in sorted(said.items())}
    for sku in ("tea", "jam"):
        assert (seen(sku, tenant) or (None,))[0] == final.get(sku)
