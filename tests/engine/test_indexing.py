"""Documents get into the index, in whatever order they come."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.journey_steps import until
from search_sync.engine.client import ALIAS, INDEX
from search_sync.engine.indexes import Indexes, definition
from search_sync.engine.writer import OpenSearchWriter
from search_sync.reindexing import Rebuild
from tests.engine.builders import Index, fill, found, media, refresh, removal, user, write
from tests.engine.tables import MemoryTable


def test_the_first_write_makes_the_index_as_its_definition_says(index: Index) -> None:
    assert index.write([write(user("Ada"))]) == []
    client = index.client
    assert set(client.indices.get_alias(name=ALIAS)) == {INDEX}
    mapping = client.indices.get_mapping(index=ALIAS)[INDEX]["mappings"]
    assert mapping["dynamic"] == "false"
    assert mapping["properties"]["name"]["analyzer"] == "words"
    assert Indexes(client).drift(INDEX) == []


def test_functions_that_write_first_at_once_make_one_index(index: Index) -> None:
    users = [user(f"User {number}") for number in range(8)]
    with ThreadPoolExecutor(len(users)) as pool:
        failures = list(pool.map(lambda ada: index.write([write(ada)]), users))
    assert failures == [[]] * len(users)
    refresh(index)
    assert sorted(found(index)) == sorted(ada.id for ada in users)


def test_an_engine_that_lost_its_data_gets_a_new_index(index: Index) -> None:
    ada, grace = user("Ada"), user("Grace")
    fill(index, ada)
    index.client.indices.delete(index=INDEX)
    assert found(index) == []
    fill(index, grace)
    assert found(index, "grace") == [grace.id]


def test_what_is_written_is_found_within_a_second(index: Index) -> None:
    fill(index, user("Grace"))
    ada = user("Ada")
    assert index.write([write(ada)]) == []
    until("Ada was found", lambda: found(index, "ada"), lambda ids: ids == [ada.id], seconds=1)


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_or_equal_version_changes_nothing_and_is_no_failure(
    index: Index, version: int
) -> None:
    ada = user("Ada")
    assert index.write([write(ada, 2, name="Ada King")]) == []
    assert index.write([write(ada, version)]) == []
    refresh(index)
    assert found(index, "king") == [ada.id]


def test_a_late_write_brings_no_document_back_that_was_taken_out(index: Index) -> None:
    ada = user("Ada")
    assert index.write([write(ada, 1)]) == []
    assert index.write([removal(ada, 3)]) == []
    assert index.write([write(ada, 2)]) == []
    refresh(index)
    assert found(index) == []


def test_taking_out_what_is_not_there_is_no_failure(index: Index) -> None:
    ada = user("Ada")
    assert index.write([removal(ada, 2)]) == []
    assert index.write([write(ada, 1)]) == []
    refresh(index)
    assert found(index) == []


def test_of_a_bulk_with_a_bad_document_the_others_are_indexed(index: Index) -> None:
    ada, bad, grace = user("Ada"), user("Bad"), user("Grace")
    spoilt = write(bad, placed_at="no date: Ada Lovelace")
    (failure,) = index.write([write(ada), spoilt, write(grace)])
    assert (failure.write, failure.permanent) == (spoilt, True)
    assert "mapper_parsing_exception" in failure.reason
    assert "placed_at" in failure.reason
    assert "Lovelace" not in failure.reason
    refresh(index)
    assert sorted(found(index)) == sorted([ada.id, grace.id])


def test_an_index_that_takes_no_writes_for_now_keeps_them_for_later(index: Index) -> None:
    ada = user("Ada")
    fill(index, user("Grace"))
    block = "index.blocks.read_only_allow_delete"
    index.client.indices.put_settings(index=INDEX, body={block: True})
    (failure,) = index.write([write(ada)])
    assert not failure.permanent
    index.client.indices.put_settings(index=INDEX, body={block: None})
    assert index.write([write(ada)]) == []


def test_a_large_batch_goes_in_several_bulks(index: Index) -> None:
    small_bulks = OpenSearchWriter(index.client, max_bytes=2_000)
    users = [user(f"User {number}") for number in range(50)]
    assert small_bulks.write([write(one) for one in users]) == []
    refresh(index)
    assert len(found(index, size=100)) == len(users)


@pytest.fixture
def former(index: Index) -> str:
    """The index as it was before there were pictures, behind the alias."""
    name = f"{ALIAS}-v1"
    body = definition()
    fields = body["mappings"]["properties"]
    for field in ("purpose", "subject", "texts", "ready_at"):
        del fields[field]
    index.client.indices.create(index=name, body=body)
    return name


def test_a_new_mapping_is_searched_after_a_reindex_and_until_then_the_old_one_takes_all(
    index: Index, former: str
) -> None:
    table, ada, boot = MemoryTable(), user("Ada"), media("WATERPROOF", name="boot.png")
    assert index.write([table.put(ada, 3), table.put(boot)]) == []
    refresh(index)
    assert found(index, "ada") == [ada.id]
    assert found(index, "waterproof") == []  # nothing says yet that it is searched
    assert "mappings.properties.texts" in Indexes(index.client).drift(former)

    Rebuild(index.client, table, pause=lambda _: None).reindex()

    assert found(index, "waterproof") == [boot.id]
    assert found(index, "ada") == [ada.id]
    assert index.write([write(ada, 2, name="Grace"), removal(boot, 2)]) == []
    refresh(index)
    assert found(index) == found(index, "ada") == [ada.id]
