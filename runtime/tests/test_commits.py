"""What each kind of change does when its condition holds, and when it does not."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from contracts.limits import Entry
from runtime import table as table_module
from runtime.changes import (
    Change,
    ConditionFailed,
    Contended,
    Create,
    Exists,
    Key,
    Outdated,
    Project,
    Remove,
    Require,
    RevisionConflict,
    Unmet,
    Update,
)
from runtime.clients import client
from runtime.table import Table
from runtime.testing import TABLE

KEY = Key("TENANT#acme#THING#1", "THING")
OTHER = Key("TENANT#acme#THING#2", "THING")
EVENT: Entry = {"source": "starling.things", "detail-type": "ThingMade.v1", "detail": "{}"}


def test_a_created_item_is_read_as_it_was_written(service_table: Table) -> None:
    data = {"name": "Ada", "tags": ["a", None, True], "price": {"amount": 1999}}
    service_table.commit(Create(key=KEY, data=data, events=[EVENT], expires_at=1_800_000_000))
    stored = service_table.get(KEY)
    assert stored is not None
    assert (stored.key, stored.data, stored.revision) == (KEY, data, 1)
    assert (stored.events, stored.expires_at) == ([EVENT], 1_800_000_000)


def test_what_is_not_there_reads_as_none(service_table: Table) -> None:
    assert service_table.get(KEY) is None
    assert service_table.get(KEY, consistent=False) is None


def test_creating_what_exists_fails_and_changes_nothing(service_table: Table) -> None:
    first = Create(key=KEY, data={"n": 1})
    service_table.commit(first)
    second = Create(key=KEY, data={"n": 2})
    with pytest.raises(Exists) as failure:
        service_table.commit(second)
    assert failure.value.change is second
    assert _data(service_table, KEY) == {"n": 1}


@pytest.mark.parametrize(("now", "gone"), [(999, False), (1000, True), (1001, True)])
def test_an_expired_item_counts_as_gone_before_it_is_deleted(
    service_table: Table, now: int, gone: bool
) -> None:
    service_table.commit(Create(key=KEY, data={"n": 1}, expires_at=1000))
    again = Create(key=KEY, data={"n": 2}, expires_at=5000, now=now)
    if gone:
        service_table.commit(again)
    else:
        with pytest.raises(Exists):
            service_table.commit(again)
    assert _data(service_table, KEY) == {"n": 2 if gone else 1}


def test_an_update_replaces_the_item_its_events_and_its_lists(service_table: Table) -> None:
    listed = Key("TENANT#acme#THINGS", "1")
    service_table.commit(Create(key=KEY, data={"n": 1}, events=[EVENT], gsi1=listed, gsi2=listed))
    service_table.commit(Update(key=KEY, data={"n": 2}, revision=2, expected=1))
    stored = service_table.get(KEY)
    assert stored is not None
    assert (stored.data, stored.revision, stored.events) == ({"n": 2}, 2, [])
    assert service_table.query(listed.pk, index="gsi1", limit=5).items == []
    assert service_table.query(listed.pk, index="gsi2", limit=5).items == []


@pytest.mark.parametrize("expected", [1, 3])
def test_updating_another_revision_than_the_expected_fails(
    service_table: Table, expected: int
) -> None:
    service_table.commit(Create(key=KEY, data={"n": 1}, revision=2))
    with pytest.raises(RevisionConflict):
        service_table.commit(Update(key=KEY, data={}, revision=expected + 1, expected=expected))
    assert _data(service_table, KEY) == {"n": 1}


def test_updating_what_is_not_there_fails(service_table: Table) -> None:
    with pytest.raises(RevisionConflict):
        service_table.commit(Update(key=KEY, data={}, revision=2, expected=1))
    assert service_table.get(KEY) is None


@pytest.mark.parametrize(("known", "new"), [(None, 1), (None, 7), (1, 2), (1, 9), (9, 10)])
def test_a_newer_revision_is_projected(service_table: Table, known: int | None, new: int) -> None:
    if known:
        service_table.commit(Project(key=KEY, data={"n": known}, revision=known))
    service_table.commit(Project(key=KEY, data={"n": new}, revision=new))
    assert _data(service_table, KEY) == {"n": new}


@pytest.mark.parametrize(("known", "old"), [(1, 1), (5, 4), (10, 9)])
def test_what_is_not_newer_is_outdated(service_table: Table, known: int, old: int) -> None:
    service_table.commit(Project(key=KEY, data={"n": known}, revision=known))
    with pytest.raises(Outdated):
        service_table.commit(Project(key=KEY, data={"n": -1}, revision=old))
    assert _data(service_table, KEY) == {"n": known}


def test_removing_is_the_same_twice(service_table: Table) -> None:
    service_table.commit(Create(key=KEY, data={}))
    service_table.commit(Remove(key=KEY))
    service_table.commit(Remove(key=KEY))
    assert service_table.get(KEY) is None


@pytest.mark.parametrize(
    "requirement",
    [
        Require(key=OTHER, revision=3),
        Require(key=OTHER, data={"status": "active"}),
        Require(key=OTHER, data={"status": "active", "size": 2, "owner": None}, revision=3),
        Require(key=KEY, revision=0),
    ],
)
def test_a_requirement_that_holds_lets_the_transaction_through(
    service_table: Table, requirement: Require
) -> None:
    held = {"status": "active", "size": 2, "owner": None}
    service_table.commit(Create(key=OTHER, data=held, revision=3))
    service_table.commit(requirement)
    made = Key(KEY.pk, "MADE")
    service_table.commit(Create(key=made, data={}), requirement)
    assert service_table.get(made) is not None


@pytest.mark.parametrize(
    "requirement",
    [
        Require(key=OTHER, revision=2),
        Require(key=OTHER, revision=0),
        Require(key=OTHER, data={"status": "gone"}),
        Require(key=OTHER, data={"status": "active"}, revision=2),
        Require(key=Key("TENANT#acme#THING#3", "THING"), data={"status": "active"}),
        Require(key=Key("TENANT#acme#THING#3", "THING"), revision=1),
    ],
)
def test_a_requirement_that_does_not_hold_stops_all_of_the_transaction(
    service_table: Table, requirement: Require
) -> None:
    service_table.commit(Create(key=OTHER, data={"status": "active"}, revision=3))
    with pytest.raises(Unmet) as failure:
        service_table.commit(Create(key=KEY, data={}), requirement, Remove(key=Key("x", "y")))
    assert failure.value.change is requirement
    assert service_table.get(KEY) is None


def test_a_transaction_applies_all_its_changes(service_table: Table) -> None:
    service_table.commit(Create(key=KEY, data={"n": 1}), Create(key=OTHER, data={"n": 1}))
    third = Key("TENANT#acme#THING#3", "THING")
    service_table.commit(
        Update(key=KEY, data={"n": 2}, revision=2, expected=1),
        Remove(key=OTHER),
        Project(key=third, data={"n": 3}, revision=8),
    )
    assert _data(service_table, KEY) == {"n": 2}
    assert service_table.get(OTHER) is None
    assert _data(service_table, third) == {"n": 3}


@pytest.mark.parametrize("position", [0, 1, 2])
def test_whichever_change_of_a_transaction_fails_none_applies_and_it_is_named(
    service_table: Table, position: int
) -> None:
    service_table.commit(Create(key=KEY, data={"n": 1}))
    failing = Create(key=KEY, data={"n": 2})
    changes: list[Change] = [Create(key=Key("TENANT#acme", str(n)), data={}) for n in range(2)]
    changes.insert(position, failing)
    with pytest.raises(Exists) as failure:
        service_table.commit(*changes)
    assert failure.value.change is failing
    assert [service_table.get(change.key) for change in changes if change is not failing] == [
        None,
        None,
    ]


def test_of_several_failures_the_first_change_is_the_one_that_is_raised(
    service_table: Table,
) -> None:
    service_table.commit(Create(key=KEY, data={}), Create(key=OTHER, data={}, revision=5))
    exists = Create(key=KEY, data={})
    stale = Update(key=OTHER, data={}, revision=2, expected=1)
    with pytest.raises(Exists):
        service_table.commit(exists, stale)
    with pytest.raises(RevisionConflict):
        service_table.commit(stale, exists)


def test_the_base_of_all_changes_is_no_change() -> None:
    with pytest.raises(NotImplementedError):
        Change(key=KEY).operation()


def test_a_failure_says_what_failed() -> None:
    assert str(ConditionFailed(Create(key=KEY, data={}))) == "Create of THING"


def _data(table: Table, key: Key) -> dict[str, Any]:
    stored = table.get(key)
    assert stored is not None
    return stored.data


class TestWhatDynamoDBAnswers:
    """Answers that only real contention gives, as its API reference writes them."""

    @pytest.fixture
    def stub(self, aws: None, monkeypatch: pytest.MonkeyPatch) -> Stubber:
        monkeypatch.setattr(table_module, "_PAUSE_SECONDS", 0)
        return Stubber(client("dynamodb"))

    @staticmethod
    def _cancelled(stub: Stubber, *codes: str) -> None:
        stub.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={"CancellationReasons": [{"Code": code} for code in codes]},
        )

    @pytest.mark.parametrize("again", [1, 2])
    def test_a_transaction_conflict_is_tried_again(self, stub: Stubber, again: int) -> None:
        for _ in range(again):
            self._cancelled(stub, "None", "TransactionConflict")
        stub.add_response("transact_write_items", {})
        with stub:
            _table().commit(Create(key=KEY, data={}), Create(key=OTHER, data={}))
            stub.assert_no_pending_responses()

    def test_a_lasting_transaction_conflict_is_contention(self, stub: Stubber) -> None:
        for _ in range(3):
            self._cancelled(stub, "TransactionConflict", "None")
        with stub, pytest.raises(Contended):
            _table().commit(Create(key=KEY, data={}), Create(key=OTHER, data={}))
        stub.assert_no_pending_responses()

    def test_a_failed_condition_says_more_than_a_conflict(self, stub: Stubber) -> None:
        self._cancelled(stub, "TransactionConflict", "ConditionalCheckFailed")
        second = Create(key=OTHER, data={})
        with stub, pytest.raises(Exists) as failure:
            _table().commit(Create(key=KEY, data={}), second)
        assert failure.value.change is second

    @pytest.mark.parametrize(
        "code", ["TransactionConflictException", "TransactionInProgressException"]
    )
    def test_a_write_that_meets_a_transaction_is_contention(self, stub: Stubber, code: str) -> None:
        for _ in range(3):
            stub.add_client_error("put_item", code)
        with stub, pytest.raises(Contended):
            _table().commit(Create(key=KEY, data={}))

    def test_other_errors_pass_as_they_are(self, stub: Stubber) -> None:
        self._cancelled(stub, "None", "ValidationError")
        stub.add_client_error("delete_item", "AccessDeniedException")
        with stub:
            with pytest.raises(ClientError, match="TransactionCanceled"):
                _table().commit(Create(key=KEY, data={}), Create(key=OTHER, data={}))
            with pytest.raises(ClientError, match="AccessDenied"):
                _table().commit(Remove(key=KEY))

    def test_a_write_whose_answer_was_lost_is_known_as_our_own(self, stub: Stubber) -> None:
        change = Create(key=KEY, data={"n": 1}, events=[EVENT])
        item = change.operation()["parameters"]["Item"]
        stub.add_client_error(
            "put_item", "ConditionalCheckFailedException", modeled_fields={"Item": item}
        )
        with stub:
            _table().commit(change)

    def test_another_item_in_its_place_is_not_our_own(self, stub: Stubber) -> None:
        change = Create(key=KEY, data={"n": 1}, events=[EVENT])
        item = Create(key=KEY, data={"n": 2}, events=[EVENT]).operation()["parameters"]["Item"]
        stub.add_client_error(
            "put_item", "ConditionalCheckFailedException", modeled_fields={"Item": item}
        )
        with stub, pytest.raises(Exists):
            _table().commit(change)


def _table() -> Table:
    return Table(client("dynamodb"), TABLE)


def test_creating_what_exists_with_events_fails_for_another_writer(service_table: Table) -> None:
    service_table.commit(Create(key=KEY, data={}, events=[EVENT]))
    with pytest.raises(Exists):
        service_table.commit(Create(key=KEY, data={}, events=[{**EVENT, "detail": '{"id":2}'}]))
    # The very same item, events and all, is the same write.
    service_table.commit(Create(key=KEY, data={}, events=[EVENT]))
