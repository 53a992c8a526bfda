"""What each role may do in an engine with access control: all that its code does, and no more."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthorizationException

from search_sync.domain.query import Search
from search_sync.engine.claims import CLAIMS, Claimed
from search_sync.engine.client import ALIAS, INDEX
from search_sync.engine.holdings import Holdings
from search_sync.engine.indexes import STANDBY
from search_sync.engine.writer import OpenSearchWriter
from search_sync.operations.admit_roles import Roles, admit_roles
from search_sync.verifying import Verifier
from tests.engine.builders import Index, found, refresh, removal, user, write
from tests.engine.conftest import MARK, be_patient, free_port
from tests.engine.operators import Hands, people
from tests.engine.secured import arn, secured, speaking
from tests.engine.tables import MemoryTable

PARTS = ("reader", "writer", "operator")


@dataclass
class Callers:
    """Clients of an engine, by what they may do."""

    master: OpenSearch
    reader: Index
    writer: Index
    operator: Index
    stranger: Index

    def hands(self) -> Hands:
        """Return an operator with an empty table."""
        return Hands(self.operator, MemoryTable())


def admit(master: OpenSearch, **parts: list[str]) -> None:
    given = {part: [arn(part.lower()[:-1])] for part in ("Readers", "Writers", "Operators")}
    admit_roles(Roles.model_validate(given | parts), master)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    port = free_port()
    with (
        pytest.MonkeyPatch.context() as patch,
        secured(tmp_path_factory.mktemp("secured"), port, f"secured-{MARK}"),
    ):
        be_patient(patch)
        speak = partial(speaking, port)
        callers = Callers(speak("master"), *(Index(speak(who)) for who in (*PARTS, "stranger")))
        admit(callers.master)
        yield callers


@pytest.fixture
def callers(engine: Callers) -> Callers:
    """The same; at first there is no index."""
    everything = {"ignore": 404, "expand_wildcards": "all"}
    engine.master.indices.delete(index=f"{ALIAS}*,foreign*", params=everything)
    return engine


def test_the_first_write_makes_the_index_even_if_it_takes_something_out(callers: Callers) -> None:
    ada = user("Ada")
    assert callers.reader.search(Search(tenant="acme", text="ada")).documents == []
    assert callers.reader.suggest("acme", "ad") == []
    assert callers.writer.write([removal(ada, 1), write(user("Grace"))]) == []
    assert callers.hands().indexes().standing().searched == INDEX
    assert callers.writer.write([write(ada, 2)]) == []
    refresh(callers.operator)
    assert found(callers.reader, "ada") == [ada.id]


def test_a_writer_learns_that_an_index_is_gone_and_goes_on(callers: Callers) -> None:
    hands = callers.hands()
    people(hands, 1)
    hands.process().reindex()
    writer = OpenSearchWriter(callers.writer.client)
    assert writer.write([write(user("Ada"))]) == []
    callers.master.indices.delete(index=INDEX)
    assert writer.write([write(user("Grace"))]) == []
    callers.master.indices.delete(index=f"{ALIAS}-v*")
    assert writer.write([write(user("Edsger"))]) == []
    assert hands.indexes().standing().searched == INDEX


def test_an_operator_finds_no_index(callers: Callers) -> None:
    hands = callers.hands()
    hands.table.put(user("Ada"))
    assert hands.indexes().standing() == (None, None)
    verifier = Verifier(hands.table, Holdings(callers.operator.client, ALIAS), pause=hands.pause)
    findings = verifier.verify("acme").findings
    assert [one.difference.what for one in findings] == ["missing"]
    assert verifier.repair(OpenSearchWriter(callers.operator.client, again=True), findings) == []
    hands.all_is_right()


def test_a_reader_searches_counts_pages_and_suggests(callers: Callers) -> None:
    assert callers.writer.write([write(user(f"Ada {number}")) for number in range(7)]) == []
    refresh(callers.operator)
    first = callers.reader.search(Search(tenant="acme", text="ada", size=4, facets=["kind"]))
    assert first.facets == {"kind": {"user": 7}}
    assert first.last is not None
    assert first.last[1], "it may not keep the state of a listing"
    rest = callers.reader.search(Search(tenant="acme", text="ada", size=4, after=first.last))
    assert len({one["id"] for one in (*first.documents, *rest.documents)}) == 7
    assert len(callers.reader.suggest("acme", "ad")) == 7
    callers.reader.client.delete_pit(body={"pit_id": [first.last[1]]})


def test_a_listing_goes_on_after_a_swap_and_when_its_state_is_gone(callers: Callers) -> None:
    hands = callers.hands()
    people(hands, 7)
    wanted = partial(Search, tenant="acme", text="user", size=4)
    first = callers.reader.search(wanted())
    hands.process().reindex()
    assert len(callers.reader.search(wanted(after=first.last)).documents) == 3
    second = callers.reader.search(wanted())
    hands.process().rollback()
    hands.process().drop_standby()
    assert len(callers.reader.search(wanted(after=second.last)).documents) == 3
    third = callers.reader.search(wanted())
    assert third.last is not None
    callers.master.delete_pit(body={"pit_id": [third.last[1]]})
    assert len(callers.reader.search(wanted(after=third.last)).documents) == 3


def test_an_operator_rebuilds_while_a_writer_writes_both_indexes(callers: Callers) -> None:
    hands = callers.hands()
    ada, grace, *_ = people(hands)

    def go_on() -> None:
        """Write and take out, whatever stands by."""
        revision = int(hands.now)
        changes = [hands.table.put(ada, revision), hands.table.put(grace, revision)]
        assert callers.writer.write(changes) == []

    hands.meanwhile = go_on
    rebuilt = hands.process().reindex()
    assert rebuilt.documents == 150
    assert rebuilt.standing.standby == INDEX
    assert callers.writer.write([hands.table.remove(grace, int(hands.now) + 1)]) == []
    hands.meanwhile = lambda: None
    hands.all_is_right()
    hands.all_is_right(STANDBY)
    assert hands.process().rollback().searched == INDEX
    assert hands.indexes().drift(INDEX) == []
    assert hands.process().drop_standby() == [rebuilt.standing.searched]
    assert hands.process().reindex().documents == 149, "there is no room by that name"


def test_an_operator_compares_and_repairs(callers: Callers) -> None:
    hands = callers.hands()
    ada = user("Ada")
    hands.table.put(ada)
    assert callers.writer.write([write(user("Gone"))]) == []
    refresh(callers.operator)
    verifier = Verifier(hands.table, Holdings(callers.operator.client, ALIAS), pause=hands.pause)
    findings = verifier.verify("acme").findings
    assert {one.difference.what for one in findings} == {"missing", "extra"}
    assert verifier.repair(OpenSearchWriter(callers.operator.client, again=True), findings) == []
    hands.all_is_right()


def test_two_operators_are_kept_apart(callers: Callers) -> None:
    hands = callers.hands()
    people(hands, 1)
    hands.process()._claims.take()
    with pytest.raises(Claimed):
        hands.process().rollback()


Attempt = Callable[[OpenSearch], Any]
_DOCUMENT = {"title": "x"}
_ALL: dict[str, Any] = {"query": {"match_all": {}}}
REFUSED: dict[str, dict[str, Attempt]] = {
    "reader": {
        "write": lambda it: it.index(index=ALIAS, body=_DOCUMENT, id="x"),
        "bulk": lambda it: it.bulk(index=ALIAS, body='{"delete": {"_id": "x"}}\n'),
        "take out": lambda it: it.delete(index=INDEX, id="x"),
        "take out all": lambda it: it.delete_by_query(index=INDEX, body=_ALL),
        "make": lambda it: it.indices.create(index=f"{ALIAS}-v9"),
        "delete": lambda it: it.indices.delete(index=INDEX),
        "look at the mapping": lambda it: it.indices.get(index=INDEX),
        "go through all": lambda it: it.scroll(
            scroll_id=it.search(index=ALIAS, params={"scroll": "1m"})["_scroll_id"]
        ),
    },
    "writer": {
        "search": lambda it: it.search(index=ALIAS),
        "read": lambda it: it.get(index=INDEX, id="x"),
        "delete": lambda it: it.indices.delete(index=INDEX),
        "delete all": lambda it: it.indices.delete(index="*"),
        "claim": lambda it: it.index(index=CLAIMS, body=_DOCUMENT, id="claim"),
    },
    "operator": {
        "close": lambda it: it.indices.close(index=INDEX),
        "delete the claims": lambda it: it.indices.delete(index=CLAIMS),
        "set up the cluster": lambda it: it.cluster.put_settings(
            body={"transient": {"cluster.routing.allocation.enable": "none"}}
        ),
    },
    "stranger": {
        "search": lambda it: it.search(index=ALIAS),
        "look at the aliases": lambda it: it.indices.get_alias(index=f"{ALIAS}-v*"),
    },
}
FOREIGN: dict[str, Attempt] = {
    "read another index": lambda it: it.search(index="foreign"),
    "read all": lambda it: it.search(index="*"),
    "write another index": lambda it: it.index(index="foreign", body=_DOCUMENT),
    "delete another index": lambda it: it.indices.delete(index="foreign"),
    "make another index": lambda it: it.indices.create(index="strange"),
    "take another index for its own": lambda it: it.indices.put_alias(index="foreign", name=ALIAS),
    "look at the cluster": lambda it: it.cluster.health(),
    "look at the roles": lambda it: it.http.get("/_plugins/_security/api/roles"),
    "grant": lambda it: it.http.put(
        "/_plugins/_security/api/rolesmapping/all_access",
        body={"backend_roles": [arn(who) for who in (*PARTS, "stranger")]},
    ),
    "read who may": lambda it: it.search(index=".opendistro_security"),
}


@pytest.fixture
def filled(callers: Callers) -> Callers:
    """The service's index with a document, and somebody else's."""
    assert callers.writer.write([write(user("Ada"))]) == []
    callers.master.index(index="foreign", body=_DOCUMENT, params={"refresh": "true"})
    return callers


@pytest.mark.parametrize("who", [*PARTS, "stranger"])
def test_what_is_no_part_of_a_role_is_refused(filled: Callers, who: str) -> None:
    its = getattr(filled, who).client
    for name, attempt in {**REFUSED[who], **FOREIGN}.items():
        with pytest.raises(AuthorizationException):
            pytest.fail(f"{who} may {name}: {attempt(its)}")
    assert filled.master.count(index="foreign")["count"] == 1
    assert filled.master.indices.exists(index=INDEX)


def test_whom_the_deployment_no_longer_names_is_refused(filled: Callers) -> None:
    fresh = [arn("reader"), arn("stranger")]
    try:
        admit(filled.master, Readers=fresh)
        assert filled.stranger.search(Search(tenant="acme", text="ada")).documents
        admit(filled.master)
        with pytest.raises(AuthorizationException):
            filled.stranger.client.search(index=ALIAS)
        assert filled.reader.search(Search(tenant="acme", text="ada")).documents
    finally:
        admit(filled.master)
