"""`starling search` on a real engine and a table: what an operator types, sees, and gets."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra import aws
from infra.cli import app
from infra.commands import search
from infra.errors import StarlingError
from infra.projection import TableRows
from infra.stages import Stage
from runtime.changes import Create, Key, Remove
from runtime.clients import client
from runtime.table import Table
from runtime.testing import TABLE
from search_sync import reindexing, verifying
from search_sync.domain.rows import User
from search_sync.engine.claims import Claims
from search_sync.engine.client import ALIAS, INDEX
from search_sync.operations import relay_requests
from search_sync.store import key_of, write_for
from tests.engine.builders import Index, refresh, user, write
from tests.engine.conftest import Engine
from tests.engine.functions import invoking

Command = Callable[..., Result]

_ALL: dict[str, Any] = {"tables": {"search-sync": TABLE}, "region": "eu-west-1"}
FAR = _ALL | {"search_engine": "https://nobody.invalid", "search_relay": "relay"}


def near(engine: Engine) -> dict[str, Any]:
    return _ALL | {"search_engine": engine.url, "search_relay": None}


@pytest.fixture(params=["direct", "relayed"])
def way(request: pytest.FixtureRequest) -> str:
    """How an operator reaches the engine: as on a laptop, or as on AWS."""
    return str(request.param)


@pytest.fixture
def starling(
    way: str,
    index: Index,
    engine: Engine,
    service_table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Command]:
    """The command, on a stage that is this engine and that table."""
    stage, told = Stage("local", search_port=engine.port, emulator_port=1), near(engine)
    monkeypatch.setattr(aws, "client", lambda _, service: client(service))
    monkeypatch.setattr(reindexing, "SETTLE_SECONDS", 0.0)  # nobody else writes
    monkeypatch.setattr(verifying, "PAUSE_SECONDS", 0.0)
    with ExitStack() as stack:
        if way == "relayed":
            stage, told = Stage("dev"), FAR
            url = stack.enter_context(invoking({"relay": relay_requests.handler}))
            monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
        monkeypatch.setattr(search, "running", lambda _: stage)
        monkeypatch.setattr(search, "describe", lambda _: told)
        yield lambda *words: CliRunner().invoke(app, ["search", *words])


directly = pytest.mark.parametrize("way", ["direct"], indirect=True)


def kept(table: Table, *rows: User) -> None:
    """Keep rows in the table alone."""
    for row in rows:
        key = key_of(row.model_dump())
        assert key is not None
        table.commit(Create(key=key, data=row.model_dump(mode="json")))


def test_what_differs_is_named_and_makes_the_command_fail(
    starling: Command, index: Index, service_table: Table
) -> None:
    ada, gone = sorted([user("Ada"), user("Gone")], key=lambda one: one.id)
    kept(service_table, ada, user("Zoe", tenant="globex"))
    assert index.write([write(gone)]) == []
    refresh(index)
    said = starling("verify", "--tenant", "acme", "--json")
    assert said.exit_code == 1
    assert json.loads(said.stdout) == {
        "differences": [
            {
                "tenant": "acme",
                "kind": "user",
                "id": ada.id,
                "what": "missing",
                "row": 1,
                "document": None,
            },
            {
                "tenant": "acme",
                "kind": "user",
                "id": gone.id,
                "what": "extra",
                "row": None,
                "document": 1,
            },
        ],
        "documents": 1,
    }
    plain = starling("verify", "--tenant", "acme").stdout.splitlines()
    assert plain[0].split() == [*("missing", "user", ada.id), *("row", "1,", "document", "none")]
    assert plain[-1] == "2 differences, 1 documents"


def test_what_differs_is_repaired_once_and_for_all(
    starling: Command, index: Index, service_table: Table
) -> None:
    kept(service_table, user("Ada"), user("Grace"))
    assert index.write([write(user("Gone"))]) == []
    for repaired in (3, 0):
        refresh(index)
        said = starling("reconcile", "--tenant", "acme", "--json")
        assert said.exit_code == 0
        assert json.loads(said.stdout)["differences"] == []
        assert json.loads(said.stdout)["repaired"] == repaired
    refresh(index)
    said = starling("verify", "--tenant", "acme", "--json")
    assert (said.exit_code, json.loads(said.stdout)) == (0, {"differences": [], "documents": 2})


def test_what_cannot_be_repaired_is_said_and_a_new_index_makes_it_right(
    starling: Command, index: Index, service_table: Table
) -> None:
    ada = user("Ada")
    kept(service_table, ada)
    assert index.write([write(ada, 9)]) == []
    said = starling("reconcile", "--tenant", "acme")
    assert said.exit_code == 1
    assert "0 documents repaired" in said.output
    assert "starling search reindex" in said.output
    assert starling("reindex").exit_code == 0
    assert starling("verify", "--tenant", "acme").exit_code == 0


def test_a_reindex_its_way_back_and_its_end(
    starling: Command, index: Index, service_table: Table
) -> None:
    kept(service_table, *[user(f"User {number}") for number in range(30)])
    assert index.write([write(user("Not in the table"))]) == []
    refresh(index)
    assert json.loads(starling("status", "--json").stdout) == {
        "searched": {"name": INDEX, "mapping_version": 3, "documents": 1},
        "standby": None,
        "code_version": 3,
        "drift": [],
        "needs_reindex": False,
        "reindex": None,
    }
    said = starling("reindex")
    assert said.exit_code == 0
    assert f"with 30 documents; {INDEX} stands by" in said.output
    assert starling("verify", "--tenant", "acme", "--standby").exit_code == 1
    assert f"{INDEX} is searched" in starling("rollback").output
    shown = starling("status").stdout.splitlines()
    assert shown[0] == f"searched  {INDEX}: 1 documents"
    assert shown[1].startswith(f"standby   {INDEX}-2")
    assert "dropped: starling-documents-v3-2" in starling("drop-standby").output
    assert "no index stood by" in starling("drop-standby").output
    assert starling("rollback").exit_code == 1
    assert starling("verify", "--tenant", "acme", "--standby").exit_code == 1


def test_an_interrupted_reindex_says_that_the_next_goes_on(
    starling: Command, index: Index, service_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(service_table, user("Ada"))
    with monkeypatch.context() as patch:
        patch.setattr(TableRows, "part", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        said = starling("reindex")
    assert said.exit_code == 130
    assert "goes on from here" in said.output
    assert "not ended" in starling("status").output
    assert "gone on with" in starling("reindex").output


def test_two_at_once_are_refused(starling: Command, index: Index) -> None:
    Claims(index.client).take()
    said = starling("reindex")
    assert isinstance(said.exception, StarlingError)
    assert "Another process changes the indexes" in str(said.exception)


def test_a_mapping_that_is_not_the_codes_is_said(
    starling: Command, index: Index, service_table: Table
) -> None:
    assert index.write([write(user("Ada"))]) == []
    more = {"properties": {"nickname": {"type": "keyword"}}}
    index.client.indices.put_mapping(index=ALIAS, body=more)
    told = json.loads(starling("status", "--json").stdout)
    assert told["needs_reindex"] is True
    assert told["drift"] == ["mappings.properties.nickname"]
    assert "needs a reindex" in starling("verify", "--tenant", "acme").output
    assert starling("reindex").exit_code == 0
    assert json.loads(starling("status", "--json").stdout)["needs_reindex"] is False


def test_an_index_of_an_older_mapping_needs_a_reindex(starling: Command, index: Index) -> None:
    older = f"{ALIAS}-v2"
    index.client.indices.create(
        index=older,
        body={"aliases": {ALIAS: {"is_write_index": True}}, "mappings": {"dynamic": False}},
    )
    told = json.loads(starling("status", "--json").stdout)
    assert told["searched"]["mapping_version"] == 2
    assert "mappings._meta" in told["drift"]
    assert "needs a reindex" in starling("status").output


@directly
def test_an_engine_that_is_down_is_said(starling: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"search_engine": "http://127.0.0.1:1", "tables": {"search-sync": TABLE}}
    monkeypatch.setattr(search, "describe", lambda _: told)
    for command in (["status"], ["verify", "--tenant", "acme"], ["reindex"]):
        said = starling(*command)
        assert isinstance(said.exception, StarlingError), command
        assert "cannot do it now: ConnectionError" in str(said.exception)


@directly
@pytest.mark.parametrize("told", [{"tables": {}}, {"tables": {"search-sync": TABLE}}])
def test_a_stage_without_search_is_said(
    starling: Command, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any]
) -> None:
    monkeypatch.setattr(search, "describe", lambda _: told | {"search_engine": None})
    said = starling("status")
    assert isinstance(said.exception, StarlingError)
    assert "starling deploy search-sync" in said.exception.remedy


def test_rows_are_read_part_by_part_and_again_by_their_keys(
    aws: None, service_table: Table
) -> None:
    users = [user(f"User {number}") for number in range(230)]
    kept(service_table, *users, user("Zoe", tenant="globex"))
    odd = {"pk": {"S": "TENANT#acme#CART#1"}, "sk": {"S": "CART"}}
    client("dynamodb").put_item(TableName=TABLE, Item=odd)
    rows = TableRows(client("dynamodb"), TABLE)
    parts, after = [], None
    while True:
        part = rows.part(0, 1, after)
        parts.append(part)
        if (after := part.last) is None:
            break
    assert len(parts) == 2
    read = {row.key: row for part in parts for row in part.rows}
    assert len(read) == 232
    assert [row.key.pk for row in read.values() if row.stored is None] == ["TENANT#acme#CART#1"]
    (zoe,) = rows.part(0, 1, None, "TENANT#globex#").rows
    assert zoe.stored is not None
    assert write_for(zoe.key, zoe.stored, 1).tenant == "globex"
    gone = next(iter(read))
    service_table.commit(Remove(key=gone))
    found = rows.now([*read, Key("TENANT#acme#USER#none", "USER")])
    assert found.keys() == read.keys() - {gone}
