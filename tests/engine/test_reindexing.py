"""A new index takes the place of the old one: nothing is lost, and nobody notices."""

import operator
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from opensearchpy import OpenSearch

from infra.journey_steps import until
from search_sync import reindexing
from search_sync.domain.rows import User
from search_sync.engine import writer
from search_sync.engine.claims import (
    ABANDONED_SECONDS,
    CLAIMS,
    Claims,
)
from search_sync.engine.client import ALIAS, INDEX
from search_sync.engine.indexes import STANDBY, Standing
from search_sync.engine.writer import OpenSearchWriter
from search_sync.index import Write
from search_sync.reindexing import NotRebuilt, Rebuilt
from tests.engine.builders import Index, found, user, write
from tests.engine.conftest import Engine
from tests.engine.operators import Hands, killed, people
from tests.engine.tables import MemoryTable


@pytest.fixture
def hands(index: Index) -> Hands:
    return Hands(index, MemoryTable())


def test_a_new_index_takes_the_place_of_the_old_one_which_stands_by(hands: Hands) -> None:
    people(hands)
    hands.index.write([write(user("Not in the table"))])
    rebuilt = hands.process().reindex()
    assert rebuilt == Rebuilt(Standing(f"{INDEX}-20261121203000", INDEX), 150, resumed=False)
    assert hands.indexes().standing() == rebuilt.standing
    hands.all_is_right()
    assert Claims(hands.index.client).seen() is None


def test_what_was_never_indexed_is_rebuilt_too(hands: Hands) -> None:
    ada = user("Ada")
    hands.table.put(ada)
    hands.process().reindex()
    assert found(hands.index) == [ada.id]


def test_whatever_is_written_meanwhile_is_in_both(hands: Hands) -> None:
    users = people(hands, 60)
    old, late = users[0], user("Late")
    coming: list[Write] = []

    def meanwhile() -> None:
        hands.meanwhile = lambda: None
        coming.extend([hands.table.put(late), hands.table.remove(users[1], 2)])
        coming.append(hands.table.put(old.model_copy(update={"name": "Renamed"}), 2))
        assert hands.index.write(coming) == []

    hands.meanwhile = meanwhile
    standing = hands.process().reindex().standing
    assert coming
    hands.all_is_right(standing.searched or "")
    hands.all_is_right(standing.standby or "")


def test_a_feeder_that_knows_nothing_of_the_new_index_leaves_nothing_behind(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(hands, 30)
    monkeypatch.setattr(writer, "time", hands)  # its clock is this one
    monkeypatch.setattr(hands, "time", lambda: hands.now, raising=False)
    feeder = OpenSearchWriter(hands.index.client)
    assert feeder.write([hands.table.put(user("First"))]) == []  # it knows of no standby
    late = user("Late")

    def meanwhile() -> None:
        hands.meanwhile = lambda: None
        hands.now -= reindexing.SETTLE_SECONDS - writer.MEMORY_SECONDS + 0.1
        assert feeder.write([hands.table.put(late)]) == []
        assert not hands.index.client.exists(
            index=STANDBY, id=f"acme:user:{late.id}", params={"routing": "acme"}
        )

    hands.meanwhile = meanwhile
    hands.process().reindex()
    assert found(hands.index, "late") == [late.id]
    hands.all_is_right()


def test_searches_and_writes_under_load_never_fail_and_miss_nothing(
    hands: Hands, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MEMORY_SECONDS", 0.0)
    users = people(hands, 400)
    stop = threading.Event()
    seen: list[bool] = []
    failures: list[object] = []
    written: list[User] = []

    def search() -> None:
        # Patient, as the machine may be busy: who searches too late has not missed anything.
        client = OpenSearch(hosts=[engine.url], timeout=60)
        while not stop.is_set():
            one = users[len(seen) % len(users)]
            body = {"query": {"term": {"id": one.id}}}
            answer = client.search(index=ALIAS, body=body, params={"routing": one.tenant})
            seen.append([hit["_source"]["id"] for hit in answer["hits"]["hits"]] == [one.id])
        client.close()

    def feed() -> None:
        client = OpenSearch(hosts=[engine.url], timeout=60)
        feeder = OpenSearchWriter(client)
        while not stop.is_set():
            one = user(f"New {len(written)}")
            failures.extend(feeder.write([hands.table.put(one)]))
            written.append(one)
        client.close()

    def settled() -> None:
        """Return when the feeder knows what was there when this began, and its bulk has ended."""
        before = len(written)
        until("two were written", lambda: len(written), partial(operator.lt, before + 1))

    def twice() -> None:
        hands.meanwhile = settled
        for _ in range(2):
            hands.now += 1
            before = len(seen)
            hands.process().reindex()
            until("it was searched", lambda: len(seen), partial(operator.lt, before + 5))

    with ThreadPoolExecutor(2) as pool:
        working = [pool.submit(search), pool.submit(feed)]
        try:
            twice()
        finally:
            hands.meanwhile = lambda: None
            stop.set()
        for one in working:
            one.result()
    assert failures == []
    assert all(seen)
    assert len(written) > 10
    hands.all_is_right()
    hands.all_is_right(STANDBY)


def test_back_and_forth_loses_nothing(hands: Hands) -> None:
    users = people(hands, 20)
    new, old = hands.process().reindex().standing
    assert hands.index.write([hands.table.put(user("New")), hands.table.remove(users[0], 2)]) == []
    assert hands.process().rollback() == (old, new)
    hands.all_is_right()
    assert hands.index.write([hands.table.put(user("Newer"))]) == []
    assert hands.process().rollback() == (new, old)
    hands.all_is_right()
    hands.all_is_right(STANDBY)


def test_there_is_no_way_back_to_nothing_or_to_half_an_index(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(hands)
    with pytest.raises(NotRebuilt, match="No index stands by"):
        hands.process().rollback()
    killed(hands, monkeypatch)
    hands.now += ABANDONED_SECONDS
    with pytest.raises(NotRebuilt, match="has not come to its end"):
        hands.process().rollback()
    assert hands.process().reindex().resumed


def test_what_stands_by_can_be_dropped_also_under_those_who_write_it(hands: Hands) -> None:
    users = people(hands, 20)
    new, old = hands.process().reindex().standing
    feeder = OpenSearchWriter(hands.index.client)
    assert feeder.write([hands.table.put(user("One"))]) == []  # it knows of the standby
    wrote = []

    def meanwhile() -> None:
        hands.meanwhile = lambda: None
        assert feeder.write([hands.table.remove(users[0], 2)]) == []
        wrote.append(feeder.write([hands.table.put(user("Two"))]))

    hands.meanwhile = meanwhile
    assert hands.process().drop_standby() == [old]
    assert wrote == [[]]
    assert feeder.write([hands.table.remove(users[1], 2)]) == []
    assert set(hands.index.client.indices.get(index=f"{ALIAS}*")) == {new}
    hands.all_is_right()
    assert hands.process().drop_standby() == []


def test_each_reindex_leaves_two_indexes(hands: Hands) -> None:
    people(hands, 5)
    names = set()
    for _ in range(3):
        hands.now += 60
        standing = hands.process().reindex().standing
        indexes = hands.index.client.indices.get(index=f"{ALIAS}*", expand_wildcards="all")
        assert set(indexes) == {*standing, CLAIMS}
        names.add(standing.searched)
    assert len(names) == 3


def test_an_index_by_the_standbys_name_is_in_nobodys_way(hands: Hands) -> None:
    people(hands, 5)
    hands.index.client.indices.create(index=STANDBY)
    hands.process().reindex()
    hands.all_is_right()
