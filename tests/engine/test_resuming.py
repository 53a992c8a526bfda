"""A reindex that comes to no end changes nothing that is searched, and the next goes on."""

from typing import Any

import pytest
from opensearchpy.exceptions import TransportError

from runtime.changes import Key
from search_sync import reindexing
from search_sync.engine.claims import (
    ABANDONED_SECONDS,
    Claimed,
    Claims,
    TakenOver,
)
from search_sync.engine.client import INDEX
from search_sync.engine.indexes import STANDBY
from search_sync.engine.writer import OpenSearchWriter
from search_sync.reindexing import NotRebuilt, Rebuild
from search_sync.scanning import Row
from search_sync.verifying import Verifier
from tests.engine.builders import Index, found, user
from tests.engine.operators import Deadly, Died, Fickle, Hands, killed, people
from tests.engine.tables import MemoryTable


@pytest.fixture
def hands(index: Index) -> Hands:
    return Hands(index, MemoryTable())


@pytest.mark.parametrize("parts", [0, 1, 4, 7])
def test_one_that_was_killed_half_way_is_gone_on_with(
    hands: Hands, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "_BEAT_SECONDS", 0.05)
    users = people(hands)
    killed(hands, monkeypatch, parts)
    begun = hands.indexes().standing().standby
    assert begun
    assert hands.indexes().standing().searched == INDEX
    assert len(found(hands.index, size=200)) == 150
    # Life goes on, in both.
    late = user("Late")
    assert hands.index.write([hands.table.put(late), hands.table.remove(users[0], 2)]) == []
    with pytest.raises(Claimed):
        hands.process().reindex()
    hands.now += ABANDONED_SECONDS
    rebuilt = hands.process().reindex()
    assert rebuilt.resumed
    assert rebuilt.standing == (begun, INDEX)
    assert len(hands.table.rows) == rebuilt.documents == 150
    hands.all_is_right()


def test_after_an_interruption_the_next_goes_on_at_once_without_what_was_done(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "_BEAT_SECONDS", 0.05)
    people(hands, 300)
    whole = 300 // 20
    interrupted = Deadly(hands.table, 8, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        hands.process(interrupted).reindex()
    seen = Claims(hands.index.client, lambda: hands.now).seen()
    assert seen is not None
    assert not seen[1]
    assert 0 < seen[0].rows < 300
    assert hands.process().reindex().resumed
    assert hands.table.parts_read < whole + 4
    hands.all_is_right()


def test_one_that_dies_after_the_swap_has_only_its_end_to_come(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(hands, 30)
    with monkeypatch.context() as patch:
        patch.setattr(Claims, "release", lambda *_: (_ for _ in ()).throw(Died()))
        with pytest.raises(Died):
            hands.process().reindex()
    swapped = hands.indexes().standing()
    assert swapped.standby == INDEX
    hands.now += ABANDONED_SECONDS
    assert hands.process().reindex().standing == swapped
    assert hands.indexes().standing() == swapped


def test_one_that_finds_its_index_lost_begins_anew(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(hands)
    killed(hands, monkeypatch)
    begun = hands.indexes().standing().standby or ""
    hands.index.client.indices.delete(index=begun)
    hands.now += ABANDONED_SECONDS
    rebuilt = hands.process().reindex()
    assert not rebuilt.resumed
    assert rebuilt.standing.searched != begun
    hands.all_is_right()


def test_only_one_at_a_time(hands: Hands) -> None:
    people(hands, 10)
    refused: list[str] = []

    def meanwhile() -> None:
        hands.meanwhile = lambda: None
        for what in ("reindex", "rollback", "drop_standby"):
            with pytest.raises(Claimed):
                getattr(hands.process(), what)()
            refused.append(what)

    hands.meanwhile = meanwhile
    hands.process().reindex()
    assert len(refused) == 3


def test_one_whose_claim_was_taken_over_changes_nothing_more(hands: Hands) -> None:
    people(hands, 10)

    def meanwhile() -> None:
        hands.meanwhile = lambda: None
        hands.now += ABANDONED_SECONDS  # it was asleep
        Claims(hands.index.client, lambda: hands.now).take()

    hands.meanwhile = meanwhile
    with pytest.raises(TakenOver):
        hands.process().reindex()
    assert hands.indexes().standing().searched == INDEX


def test_one_that_was_taken_over_while_it_compared_does_not_swap(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(hands, 10)
    settled = Verifier.settled

    def slowly(verifier: Verifier, suspects: Any) -> Any:
        found = settled(verifier, suspects)
        hands.now += ABANDONED_SECONDS
        Claims(hands.index.client, lambda: hands.now).take()
        return found

    monkeypatch.setattr(Verifier, "settled", slowly)
    with pytest.raises(TakenOver):
        hands.process().reindex()
    assert hands.indexes().standing().searched == INDEX


def test_a_document_that_the_new_index_refuses_keeps_the_old_one_in_its_place(
    hands: Hands,
) -> None:
    people(hands, 30)
    bad = user("Bad")
    hands.table.put(bad)

    class Spoilt(OpenSearchWriter):
        def write(self, writes: Any) -> Any:
            spoil = {"placed_at": "no date"}
            return super().write(
                [
                    one._replace(document=one.document | spoil) if bad.id in one.id else one
                    for one in writes
                ]
            )

    process = hands.process()
    process._into = Spoilt(hands.index.client, into=STANDBY)
    with pytest.raises(NotRebuilt, match=rf"refuses acme:user:{bad.id}: mapper_parsing"):
        process.reindex()
    assert hands.indexes().standing().searched == INDEX


def overloaded(hands: Hands, monkeypatch: pytest.MonkeyPatch, refusals: int) -> Rebuild:
    """Return a process that is to bring 30 documents to an engine that refuses some bulks."""
    monkeypatch.setattr(reindexing, "_PAUSES", (0.0,) * 12)
    people(hands, 30)
    process = hands.process()
    process._into = fickle = Fickle(hands.index.client, into=STANDBY)
    fickle.refusals = refusals
    return process


def test_an_engine_that_is_overloaded_for_a_while_is_waited_for(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = overloaded(hands, monkeypatch, 9)
    assert process.reindex().documents == 30
    hands.all_is_right()


def test_an_engine_that_stays_overloaded_is_gone_on_with_later(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = overloaded(hands, monkeypatch, 1_000)
    with pytest.raises(NotRebuilt, match="takes no documents: rejected_execution"):
        process.reindex()
    assert hands.indexes().standing().searched == INDEX
    assert hands.process().reindex().resumed
    hands.all_is_right()


def test_while_the_engine_does_not_take_a_sign_of_life_the_filling_goes_on(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(hands, 30)
    run, refused = reindexing._Filling.run, []

    def refuse(*_: object) -> None:
        refused.append(1)
        raise TransportError(429, "rejected_execution", {})

    def deaf(filling: Any, claims: Claims, report: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Claims, "save", refuse)
            run(filling, claims, report)

    monkeypatch.setattr(reindexing._Filling, "run", deaf)
    assert hands.process().reindex().documents == 30
    assert refused


def test_an_index_that_lacks_documents_does_not_take_the_place(hands: Hands) -> None:
    people(hands, 30)

    class Losing(OpenSearchWriter):
        def write(self, writes: Any) -> Any:
            return super().write(writes[1:])

    process = hands.process()
    process._into = Losing(hands.index.client, into=STANDBY)
    with pytest.raises(NotRebuilt, match="not as the table says"):
        process.reindex()
    assert hands.indexes().standing().searched == INDEX
    assert not hands.process().reindex().resumed  # it is not gone on with
    hands.all_is_right()


def test_a_row_that_cannot_be_read_does_not_keep_the_others_from_a_new_index(
    hands: Hands,
) -> None:
    people(hands, 10)
    odd = Key("TENANT#acme#CART#1", "CART")
    hands.table.rows[odd] = Row(odd, None)
    assert hands.process().reindex().documents == 10


def test_a_half_filled_index_can_be_dropped(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    people(hands)
    killed(hands, monkeypatch)
    hands.now += ABANDONED_SECONDS
    (dropped,) = hands.process().drop_standby()
    assert dropped.startswith(f"{INDEX}-")
    assert Claims(hands.index.client).seen() is None
    assert not hands.process().reindex().resumed
