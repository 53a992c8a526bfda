"""An index is compared with the table, and repaired."""

from typing import Any

import pytest

from runtime.changes import Key
from search_sync.domain.differences import Place
from search_sync.domain.rows import Media, Order, User
from search_sync.engine.client import ALIAS
from search_sync.engine.holdings import Holdings
from search_sync.engine.writer import OpenSearchWriter
from search_sync.index import Write
from search_sync.scanning import Row
from search_sync.verifying import Verdict, Verifier
from tests.engine.builders import Index, media, order, refresh, user
from tests.engine.tables import MemoryTable


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


def verifier(index: Index, table: MemoryTable, pause: Any = lambda _: None) -> Verifier:
    return Verifier(table, Holdings(index.client, ALIAS), pause=pause)


def verify(index: Index, table: MemoryTable, tenant: str | None = "acme") -> Verdict:
    refresh(index)
    return verifier(index, table).verify(tenant)


def repair(index: Index, table: MemoryTable, verdict: Verdict) -> None:
    again = OpenSearchWriter(index.client, again=True)
    assert verifier(index, table).repair(again, verdict.findings) == []


def whats(verdict: Verdict) -> dict[str, str]:
    return {finding.difference.id: finding.difference.what for finding in verdict.findings}


def test_an_index_that_is_as_the_table_says_has_no_differences(
    index: Index, table: MemoryTable
) -> None:
    ada = user("Ada")
    zoe = user("Zoe", tenant="globex")
    rows: list[User | Order | Media] = [ada, order("Tea", customer=ada), media("OPEN"), zoe]
    assert index.write([table.put(row) for row in rows]) == []
    gone = media("OLD")
    index.write([table.put(gone)])
    index.write([table.put(gone.model_copy(update={"status": "deleted"}), 2)])
    assert verify(index, table) == ([], 3)
    assert verify(index, table, None) == ([], 4)


def test_every_kind_of_difference_is_named_and_repaired(index: Index, table: MemoryTable) -> None:
    ada, old, spoilt, gone, erased = (user(name) for name in ("Ada", "Old", "Spoilt", "Go", "Er"))
    tea, fine = order("Tea", customer=ada), user("Fine")
    first = [table.put(row) for row in (ada, tea, old, spoilt, gone, erased, fine)]
    assert index.write(first[1:]) == []  # ada is missing
    table.put(old.model_copy(update={"name": "New", "profile_revision": 2}), 2)
    document = {**(first[3].document or {}), "name": "Someone else"}
    OpenSearchWriter(index.client, again=True).write([first[3]._replace(document=document)])
    table.remove(gone, 2)
    table.put(erased.erased(2), 2)
    verdict = verify(index, table)
    assert whats(verdict) == {
        ada.id: "missing",
        old.id: "outdated",
        spoilt.id: "different",
        gone.id: "extra",
        erased.id: "extra",
    }
    assert verdict.documents == 6
    shown = {one["id"]: one for one in verdict.shown()["differences"]}
    assert shown[old.id] == {
        "tenant": "acme",
        "kind": "user",
        "id": old.id,
        "what": "outdated",
        "row": 2,
        "document": 1,
    }
    repair(index, table, verdict)
    assert verify(index, table) == ([], 5)
    repair(index, table, verdict)  # twice is once
    assert verify(index, table) == ([], 5)


def test_a_document_beside_those_of_another_tenant_is_extra(
    index: Index, table: MemoryTable
) -> None:
    ada = user("Ada")
    right = table.put(ada)
    assert index.write([right, right._replace(tenant="globex")]) == []
    verdict = verify(index, table)
    assert [finding.place.routing for finding in verdict.findings] == ["globex"]
    assert whats(verdict) == {ada.id: "extra"}
    repair(index, table, verdict)
    assert verify(index, table) == ([], 1)


def test_a_document_that_no_row_could_have_made_is_taken_out(
    index: Index, table: MemoryTable
) -> None:
    ada = user("Ada")
    real = table.put(ada)
    forged = Write("acme:user:other", "acme", 9, real.document)  # says that it is ada's
    odd = Write("odd", "acme", 1, {"tenant": "acme", "kind": "cart"})
    assert index.write([real, forged, odd]) == []
    verdict = verify(index, table)
    assert whats(verdict) == {"other": "extra", "odd": "extra"}
    repair(index, table, verdict)
    assert verify(index, table) == ([], 1)


def test_a_row_that_cannot_be_read_is_named_and_its_document_stays(
    index: Index, table: MemoryTable
) -> None:
    ada = user("Ada")
    assert index.write([table.put(ada)]) == []
    (key,) = table.rows
    table.rows[key] = Row(key, None)
    odd = Key("TENANT#acme#CART#1", "CART")
    table.rows[odd] = Row(odd, None)
    verdict = verify(index, table)
    assert whats(verdict) == {ada.id: "unreadable", "TENANT#acme#CART#1/CART": "unreadable"}
    repair(index, table, verdict)
    assert verify(index, table).documents == 1


def test_a_document_of_a_later_revision_than_its_row_cannot_be_repaired_and_says_so(
    index: Index, table: MemoryTable
) -> None:
    ada = user("Ada")
    assert index.write([table.put(ada)._replace(version=7)]) == []
    verdict = verify(index, table)
    assert whats(verdict) == {ada.id: "different"}
    repair(index, table, verdict)
    assert whats(verify(index, table)) == {ada.id: "different"}


def test_what_arrives_while_it_is_looked_at_is_no_difference(
    index: Index, table: MemoryTable
) -> None:
    ada, zoe = user("Ada"), user("Zoe")
    coming = [table.put(ada)]
    assert index.write([table.put(zoe)]) == []
    coming += [table.remove(zoe, 2)]
    refresh(index)
    looked = []

    def pause(seconds: float) -> None:
        looked.append(seconds)
        if len(looked) == 3:
            assert index.write(coming) == []

    assert verifier(index, table, pause).verify("acme").findings == []
    assert len(looked) == 3


def test_without_an_index_all_documents_are_missing(index: Index, table: MemoryTable) -> None:
    ada = user("Ada")
    table.put(ada)
    verdict = verifier(index, table).verify("acme")
    assert whats(verdict) == {ada.id: "missing"}
    assert verdict.documents == 0
    repair(index, table, verdict)
    assert verify(index, table) == ([], 1)


def test_documents_are_read_page_by_page_and_asked_for_in_parts(
    index: Index, table: MemoryTable
) -> None:
    users = [user(f"User {number}") for number in range(2_100)]
    assert index.write([table.put(one) for one in users]) == []
    refresh(index)
    held = list(Holdings(index.client, ALIAS).every("acme"))
    assert {one.place.id for one in held} == {f"acme:user:{one.id}" for one in users}
    places = [one.place for one in held] + [Place("acme:user:none", "acme")]
    assert len(Holdings(index.client, ALIAS).now(places)) == 2_100
