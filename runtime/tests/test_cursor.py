"""A cursor is good for one list of one tenant, and for nothing else."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import cursor
from runtime.clients import client
from runtime.cursor import Cursors
from runtime.endpoint import endpoint
from runtime.messages import Listing, Page, Request, View
from runtime.problems import InvalidCursor
from runtime.testing import Context, request_event

CURSORS = Cursors("key-1")
ISSUED = CURSORS.issue("acme", "users", "usr_1")


@given(tenant=st.text(), scope=st.text(), last=st.text())
def test_a_cursor_leads_to_where_it_was_issued(tenant: str, scope: str, last: str) -> None:
    issued = CURSORS.issue(tenant, scope, last)
    assert CURSORS.read(tenant, scope, issued) == last
    assert issued.isascii()
    assert not set(issued) & set("+/= &?#%")


def test_no_cursor_is_the_beginning() -> None:
    assert CURSORS.read("acme", "users", None) is None


@pytest.mark.parametrize(
    ("tenant", "scope"),
    [("globex", "users"), ("acme", "orders"), ("acmeu", "sers"), ("", "acmeusers"), ("acme", "")],
)
def test_a_cursor_of_another_tenant_or_list_is_refused(tenant: str, scope: str) -> None:
    with pytest.raises(InvalidCursor) as problem:
        CURSORS.read(tenant, scope, ISSUED)
    assert problem.value.status == 400
    assert [error.field for error in problem.value.errors] == ["cursor"]


@given(
    first=st.tuples(st.text(), st.text()),
    other=st.tuples(st.text(), st.text()),
    last=st.text(),
)
def test_no_other_tenant_and_list_read_it(
    first: tuple[str, str], other: tuple[str, str], last: str
) -> None:
    issued = CURSORS.issue(*first, last)
    if first != other:
        with pytest.raises(InvalidCursor):
            CURSORS.read(*other, issued)


@given(position=st.integers(0, len(ISSUED) - 1), character=st.characters())
def test_one_changed_character_spoils_it(position: int, character: str) -> None:
    changed = ISSUED[:position] + character + ISSUED[position + 1 :]
    if changed != ISSUED:
        with pytest.raises(InvalidCursor):
            CURSORS.read("acme", "users", changed)


@given(length=st.integers(0, len(ISSUED) - 1))
def test_a_part_of_it_is_none(length: int) -> None:
    for part in (ISSUED[:length], ISSUED[length + 1 :], ISSUED[:length] + "A" * 50):
        with pytest.raises(InvalidCursor):
            CURSORS.read("acme", "users", part)


@given(forged=st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_what_was_not_issued_is_refused(forged: str) -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.read("acme", "users", forged)


def test_another_key_issues_other_cursors() -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.read("acme", "users", Cursors("key-2").issue("acme", "users", "usr_1"))


def test_a_cursor_says_its_place_but_not_the_key() -> None:
    payload = ISSUED.partition(".")[0]
    assert json.loads(base64.urlsafe_b64decode(payload + "==")) == "usr_1"


class Item(View):
    name: str


def names(request: Request[None, Page], cursors: Cursors) -> Listing[Item]:
    after = cursors.read(request.tenant, "names", request.query.cursor)
    last = cursors.issue(request.tenant, "names", "b")
    return Listing(items=[Item(name=after or "a")], next_cursor=None if after else last)


@pytest.mark.usefixtures("cursor_secret")
def test_a_list_goes_on_by_its_cursor_for_its_tenant_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = endpoint("GET", "/names", names, cursors=Cursors.connect)

    def ask(tenant: str, query: dict[str, str] | None = None) -> tuple[int, dict[str, object]]:
        answer = handler(request_event(tenant=tenant, query=query), Context())
        return answer["statusCode"], json.loads(answer["body"])

    _, first = ask("acme")
    assert first["items"] == [{"name": "a"}]
    query = {"cursor": str(first["next_cursor"])}
    assert ask("acme", query) == (200, {"items": [{"name": "b"}], "next_cursor": None})
    status, problem = ask("globex", query)
    assert (status, problem["type"]) == (400, "/problems/invalid-cursor")
    assert ask("acme", {"cursor": query["cursor"][:-1]})[0] == 400
    assert ask("acme", {"cursor": ""})[0] == 400
    # The secret is read once a process.
    client("secretsmanager").put_secret_value(
        SecretId="starling/unit/cursors", SecretString="rotated"
    )
    assert ask("acme", query)[0] == 200
    cursor._connected.cache_clear()
    again = endpoint("GET", "/names", names, cursors=Cursors.connect)
    assert again(request_event(query=query), Context())["statusCode"] == 400
