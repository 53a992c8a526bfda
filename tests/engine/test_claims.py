"""Only one process changes the indexes, and what is searched is never deleted."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from search_sync.engine.claims import (
    ABANDONED_SECONDS,
    CLAIMS,
    Claimed,
    Claims,
    Progress,
    TakenOver,
)
from search_sync.engine.client import INDEX
from search_sync.engine.indexes import Indexes
from tests.engine.builders import Index, fill, user


def test_of_several_at_once_one_has_the_claim(index: Index) -> None:
    begin = Barrier(4)

    def take(_: int) -> bool:
        begin.wait()
        try:
            Claims(index.client).take()
        except Claimed:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, range(4)))
    assert taken.count(True) == 1


def test_an_index_for_claims_that_another_has_just_made_is_used(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.client.indices.create(index=CLAIMS)
    monkeypatch.setattr(index.client.indices, "exists", lambda **_: False)  # as it was a moment ago
    assert Claims(index.client).take() == Progress()


def test_a_claim_that_was_taken_over_is_neither_kept_nor_ended(index: Index) -> None:
    now = 1_000.0
    first, second = (Claims(index.client, lambda: now) for _ in range(2))
    first.take()
    first.save(Progress(index="a", rows=7))
    now += ABANDONED_SECONDS
    assert second.take() == Progress(index="a", rows=7)
    for end in (first.save, first.leave):
        with pytest.raises(TakenOver):
            end(Progress())
    with pytest.raises(TakenOver):
        first.release()
    assert second.seen() == (Progress(index="a", rows=7), True)
    second.release()
    assert second.seen() is None
    with pytest.raises(TakenOver):
        second.release()


def test_a_clock_that_is_ahead_keeps_nobody_out_for_ever(index: Index) -> None:
    Claims(index.client, lambda: 9_000.0).take()
    assert Claims(index.client, lambda: 1_000.0).take() == Progress()


def test_one_index_cannot_change_places_with_none(index: Index) -> None:
    with pytest.raises(LookupError, match="no two indexes"):
        Indexes(index.client).swap()
    fill(index, user("Ada"))
    with pytest.raises(LookupError, match="no two indexes"):
        Indexes(index.client).swap()


def test_what_is_searched_is_not_deleted(index: Index) -> None:
    fill(index, user("Ada"))
    with pytest.raises(LookupError, match=f"{INDEX} is searched"):
        Indexes(index.client).delete(INDEX)
