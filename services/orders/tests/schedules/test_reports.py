"""Daily reports: right, once, in the end whatever happens, and for nobody else's eyes."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.request import Request

import pytest

from orders.api import get_report
from orders.days import OfDay, Placed, begin
from orders.domain.reports import Figures, Report, table
from orders.reactions import on_user_registered
from orders.reporting import Reporting, Reports
from orders.schedules.daily_report import NotAllReported, Reported, daily_report, handler
from orders.tenants import Tenants
from runtime.changes import Exists, RevisionConflict
from runtime.commits import Commits, Crash
from runtime.conformance import Response, ask
from runtime.table import Table
from runtime.task import InvalidInput
from runtime.testing import Context, Queues, cause, incoming, queue_event

DAY = date(2026, 11, 19)
NOON = datetime(2026, 11, 19, 12, tzinfo=UTC)
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
KEYS = ["reports/acme/2026-11-19.csv", "reports/acme/2026-11-19.json"]
CLOCK = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-20T08:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:events:eu-west-1:123456789012:rule/starling-unit-orders-daily-report"],
    "detail": {},
}


def run(now: datetime = MORNING, day: str | None = None) -> Reported:
    """Run the schedule as if it were that time."""
    asked = OfDay.model_validate({"date": day} if day else {})
    return daily_report(asked, Tenants.connect(), Reporting.connect(), now)


def get(day: str = "2026-11-19", **request: Any) -> Response:
    # The bucket is another in each test.
    get_report.handler._collaborators._made = None
    return ask(get_report.handler, path={"date": day}, **request)


def news(commits: Commits) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [
        (metadata, data)
        for name, metadata, data in commits.events()
        if name == "DailyReportReady.v1"
    ]


@pytest.fixture
def day(book: Any, documents: Any) -> None:
    """A day on which all that can happen to orders happened."""
    book.place(NOON, amount=100)
    book.become(book.place(NOON, amount=200), "reserved")
    book.paid(NOON, amount=1000)
    book.paid(NOON, "fulfilled", amount=2000)
    book.paid(NOON, "fulfilled", amount=700, currency="JPY")
    book.paid(NOON, "cancelled", "refunded", amount=5000)
    book.become(book.place(NOON, amount=300), "out_of_stock")
    book.become(book.place(NOON, amount=300), "out_of_stock")
    book.become(book.place(NOON, amount=400), "reserved", "payment_failed")


FIGURES: dict[str, Any] = {
    "orders": 9,
    "by_status": {
        "placed": 1,
        "reserved": 1,
        "awaiting_approval": 0,
        "confirmed": 1,
        "fulfilled": 2,
        "rejected": 3,
        "cancelled": 1,
    },
    "revenue": [{"amount": 3000, "currency": "EUR"}, {"amount": 700, "currency": "JPY"}],
    "rejected": {"out_of_stock": 2, "payment_failed": 1},
    "cancelled": 1,
}


def test_a_report_says_what_became_of_the_days_orders(
    day: None, documents: Any, commits: Commits
) -> None:
    assert run() == Reported(date="2026-11-19", reported=1)
    head = {"date": "2026-11-19", "complete": True, "counted_at": "2026-11-20T08:00:00Z"}
    assert documents.json(KEYS[1]) == head | FIGURES
    lines = list(csv.reader(io.StringIO(documents.text(KEYS[0]))))
    assert lines[0] == ["date", "figure", "of", "value"]
    assert {line[0] for line in lines[1:]} == {"2026-11-19"}
    assert [line[1:] for line in lines[1:]] == [
        ["orders", "", "9"],
        *(["orders", status, str(n)] for status, n in FIGURES["by_status"].items()),
        ["revenue", "EUR", "3000"],
        ["revenue", "JPY", "700"],
        ["rejected", "out_of_stock", "2"],
        ["rejected", "payment_failed", "1"],
    ]
    ((metadata, data),) = news(commits)
    assert (metadata["tenant_id"], metadata["subject"]) == ("acme", "2026-11-19")
    assert data == head | {
        "orders": 9,
        "revenue": FIGURES["revenue"],
        "rejected": 3,
        "cancelled": 1,
    }


def test_the_day_ends_at_midnight_utc(book: Any, documents: Any) -> None:
    for at in (
        begin(DAY) - timedelta(milliseconds=1),
        begin(DAY),
        begin(DAY) + timedelta(days=1, milliseconds=-1),
        begin(DAY) + timedelta(days=1),
    ):
        book.place(at)
    run()
    assert get().body["orders"] == 2


def test_more_orders_than_one_page_has_are_counted_each_once(book: Any, documents: Any) -> None:
    for number in range(230):
        book.place(NOON + timedelta(seconds=number))
    run()
    assert get().body["by_status"]["placed"] == 230


def test_a_day_without_orders_has_a_report_too(book: Any, documents: Any) -> None:
    book.customer("acme")
    run()
    assert (get().body["orders"], get().body["revenue"]) == (0, [])


def test_each_tenant_has_its_own(book: Any, documents: Any, commits: Commits) -> None:
    book.paid(NOON, amount=100)
    book.paid(NOON, amount=200, tenant="globex")
    assert run().reported == 2
    assert {m["tenant_id"]: d["revenue"][0]["amount"] for m, d in news(commits)} == {
        "acme": 100,
        "globex": 200,
    }
    assert get(tenant="globex").body["revenue"] == [{"amount": 200, "currency": "EUR"}]
    assert get(tenant="initech").problem == (404, "not-found")


def test_a_report_can_be_fetched_by_its_links(day: None, documents: Any) -> None:
    run()
    answer = get()
    assert answer.status == 200
    links = answer.body.pop("links")
    assert answer.body == documents.json(KEYS[1])
    for kind, key in (("csv", KEYS[0]), ("json", KEYS[1])):
        link = Request(links[kind])  # noqa: S310 - it is not opened
        assert link.full_url.startswith("https://")
        assert key in link.full_url
        assert "X-Amz-Expires=900" in link.full_url


@pytest.mark.parametrize("day", ["2026-11-18", "2026-11-20", "19.11.2026", "x"])
def test_there_is_no_report_of_another_day(day: str, book: Any, documents: Any) -> None:
    book.customer("acme")
    run()
    assert get(day).problem == (404, "not-found")


def test_only_an_admin_reads_it(day: None) -> None:
    run()
    assert get(role="member").problem == (403, "forbidden")


def test_fired_twice_it_is_told_once(day: None, book: Any, commits: Commits) -> None:
    assert run() == Reported(date="2026-11-19", reported=1)
    first = get().body
    book.place(NOON + timedelta(hours=1))  # an order that came late into the index, say
    again = run(MORNING + timedelta(minutes=1))
    assert again == Reported(date="2026-11-19", already=1)
    assert {**get().body, "links": None} == {**first, "links": None}
    assert len(news(commits)) == 1


@pytest.mark.parametrize(("nth", "counted"), [(1, 10), (2, 9)])
def test_two_runs_at_once_tell_once_and_make_the_same_documents(
    *, day: None, book: Any, documents: Any, commits: Commits, nth: int, counted: int
) -> None:
    def twin() -> None:
        book.place(NOON + timedelta(hours=1))
        assert run(MORNING + timedelta(seconds=1)).reported == 1

    # When this one is about to write its figures down, and when it is about to tell of them.
    commits.interrupt(twin, nth=nth)
    assert run().already == 1
    assert documents.json(KEYS[1])["orders"] == counted == news(commits)[0][1]["orders"]
    assert f"orders,,{counted}" in documents.text(KEYS[0])
    assert len(news(commits)) == 1


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_run_after_a_crash_completes_what_it_left(
    *, day: None, book: Any, documents: Any, commits: Commits, nth: int, when: Any
) -> None:
    commits.crash(nth=nth, when=when)
    with pytest.raises(Crash):
        run()
    run(MORNING + timedelta(minutes=1))
    assert sorted(documents.keys()) == KEYS
    (one,) = news(commits)
    assert one[1]["counted_at"] == documents.json(KEYS[1])["counted_at"] == get().body["counted_at"]
    assert run(MORNING + timedelta(minutes=2)).already == 1
    assert len(news(commits)) == 1


def test_a_report_whose_documents_are_not_there_yet_is_not_shown(
    day: None, documents: Any, commits: Commits
) -> None:
    commits.crash(nth=1, when="after")
    with pytest.raises(Crash):
        run()
    assert documents.keys() == []
    assert get().problem == (404, "not-found")


def test_one_tenants_failure_leaves_the_others_theirs(
    book: Any, documents: Any, commits: Commits, monkeypatch: pytest.MonkeyPatch, logged: Any
) -> None:
    for tenant in ("acme", "globex", "initech"):
        book.place(NOON, tenant=tenant)
    between = Placed.between

    def broken(placed: Placed, tenant: str, *days: Any) -> Any:
        if tenant == "globex":
            raise RuntimeError("unreadable")
        return between(placed, tenant, *days)

    with monkeypatch.context() as patch:
        patch.setattr(Placed, "between", broken)
        with pytest.raises(NotAllReported, match="1 reports failed, 2 were made"):
            run()
    assert logged == [{"words": "report failed", "date": "2026-11-19"}]
    assert run() == Reported(date="2026-11-19", reported=1, already=2)
    assert [metadata["tenant_id"] for metadata, _ in news(commits)] == ["acme", "initech", "globex"]


def test_of_a_day_that_is_not_over_it_is_made_anew_and_told_again_when_it_is(
    book: Any, documents: Any, commits: Commits
) -> None:
    book.place(NOON)
    evening = NOON + timedelta(hours=8)
    assert run(evening, "2026-11-19").reported == 1
    book.place(NOON + timedelta(hours=9))
    assert run(evening + timedelta(hours=2), "2026-11-19").already == 1
    assert (get().body["orders"], get().body["complete"]) == (2, False)
    book.place(NOON + timedelta(hours=11))
    assert run().reported == 1
    assert (get().body["orders"], get().body["complete"]) == (3, True)
    assert documents.json(KEYS[1])["orders"] == 3
    assert run().already == 1
    assert [(data["complete"], data["orders"]) for _, data in news(commits)] == [
        (False, 1),
        (True, 3),
    ]
    first, second = (metadata["revision"] for metadata, _ in news(commits))
    assert first < second


def test_a_run_for_a_day_that_is_over_does_not_take_one_for_it_that_counts_before(
    book: Any, documents: Any, commits: Commits
) -> None:
    book.place(NOON)
    # At midnight: the twin began before, and writes first.
    commits.interrupt(lambda: run(begin(DAY) + timedelta(hours=23), "2026-11-19"), nth=1)
    with pytest.raises(NotAllReported):
        run()
    assert run().reported == 1
    assert get().body["complete"] is True


def test_the_clock_and_a_person_may_both_start_it(
    book: Any, documents: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.customer("acme")
    monkeypatch.setattr(handler._collaborators, "_made", None)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    assert handler(CLOCK, Context()) == {"date": yesterday, "reported": 1, "already": 0}
    assert handler({}, Context()) == {"date": yesterday, "reported": 0, "already": 1}
    by_hand = handler({"date": "2020-02-29"}, Context())
    assert by_hand == {"date": "2020-02-29", "reported": 1, "already": 0}


@pytest.mark.parametrize(
    "event",
    [
        {"date": "19.11.2026"},
        {"date": "2026-11-31"},
        {"date": "1999-12-31"},
        {"date": 20261119},
        {"date": "2026-11-19T00:00:00Z"},
        {"day": "2026-11-19"},
        {"date": "2026-11-19", "tenant": "acme"},
        [],
        None,
        "2026-11-19",
    ],
)
def test_what_makes_no_sense_is_refused(event: Any, book: Any, documents: Any) -> None:
    with pytest.raises(InvalidInput):
        handler(event, Context())
    assert documents.keys() == []


def test_a_day_that_is_still_to_come_is_refused(book: Any, documents: Any) -> None:
    with pytest.raises(ValueError, match="still to come"):
        run(MORNING, "2026-11-21")


def test_a_tenant_is_known_from_its_first_user_on(
    service_table: Table, queues: Queues, commits: Commits
) -> None:
    def register(user: str, revision: int, tenant: str) -> None:
        data = {"user_id": user, "name": "Ada", "email": "a@example.com"}
        registered = {**data, "registered_at": "2026-11-20T08:30:00Z"}
        event = incoming(
            "starling.users",
            "UserRegistered.v1",
            registered,
            subject=user,
            revision=revision,
            tenant=tenant,
        )
        on_user_registered.handler._collaborators._made = None  # as another process
        answer = on_user_registered.handler(queue_event(event), Context())
        assert answer == {"batchItemFailures": []}

    one, other = ("usr_01JZ000000000000000000000" + digit for digit in "12")
    register(one, 1, "globex")
    register(one, 1, "globex")  # again: dropped
    register(other, 1, "globex")
    register(one, 1, "acme")
    tenants = Tenants.connect()
    for _ in range(2):
        tenants.remember("acme")
    assert list(tenants.every()) == ["acme", "globex"]


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless() -> None:
    bad = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
    report = Report(
        day=DAY,
        complete=True,
        counted_at=MORNING,
        figures=Figures(orders=6, by_status={}, revenue={}, rejected=dict.fromkeys(bad, 1)),
    )
    cells = [line[2] for line in csv.reader(io.StringIO(table(report), newline=""))]
    assert cells[-6:] == sorted(f"'{cell}" for cell in bad)


def test_another_write_of_a_report_in_between_is_seen(service_table: Table) -> None:
    reports = Reports.connect()
    figures = Figures(orders=0, by_status={}, revenue={}, rejected={})
    report = Report(day=DAY, complete=True, counted_at=MORNING, figures=figures)
    reports.save(None, report, cause=cause())
    with pytest.raises(Exists):
        reports.save(None, report, cause=cause())
    newer = report.model_copy(update={"revision": 2})
    reports.save(report, newer, cause=cause())
    with pytest.raises(RevisionConflict):
        reports.save(report, newer, cause=cause())


def test_the_orders_of_later_days_are_not_read(book: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(250):
        book.place(NOON + timedelta(hours=11) + timedelta(minutes=number))
    query, pages = Table.query, []

    def counted(*given: Any, **more: Any) -> Any:
        pages.append(more)
        return query(*given, **more)

    monkeypatch.setattr(Table, "query", counted)
    placed = Placed.connect().between("acme", begin(DAY), begin(DAY) + timedelta(days=1))
    assert len(list(placed)) == 60
    assert len(pages) == 1
