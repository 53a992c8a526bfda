"""What is asked of OpenSearch over HTTP, and how its answers are taken."""

import json
import socket
from typing import Any

import pytest
import urllib3
from opensearchpy.exceptions import RequestError

from runtime import conformance
from runtime.settings import BadSetting
from search_sync.api import search as api_search
from search_sync.api import suggest as api_suggest
from search_sync.domain.query import Search, Typed
from search_sync.engine.client import connected
from search_sync.engine.searcher import OpenSearchSearcher
from search_sync.index import Found, Unavailable


def problem(kind: str) -> dict[str, Any]:
    return {"error": {"type": kind, "reason": "…"}, "status": 0}


def hits(*ids: int) -> dict[str, Any]:
    found = [{"_source": {"id": number}, "sort": [1.5, number]} for number in ids]
    return {"hits": {"hits": found}}


def search(**asked: Any) -> Found:
    return OpenSearchSearcher.connect().search(Search(tenant="acme", **asked))


def parameters(path: str) -> set[str]:
    return set(path.partition("?")[2].split("&"))


PIT = {"pit_id": "p1"}
EXPIRED = problem("search_phase_execution_exception")
NO_ROOM = problem("rejected_execution_exception")
IN_PIT = {"id": "p1", "keep_alive": "1m"}
HERE = "POST /starling-documents/_search"
FREEZE = "POST /starling-documents/_search/point_in_time"
FROZEN = "POST /_search"
LET_GO = "DELETE /_search/point_in_time"


def test_a_search_goes_to_the_tenants_own_shard(engine: Any) -> None:
    engine.answers.append((200, hits(1)))
    found = search()
    assert (found.documents, found.last) == ([{"id": 1}], None)
    ((path, body),) = engine.asked
    assert path.startswith(HERE)
    given = {"routing=acme", "preference=acme", "allow_partial_search_results=false"}
    assert given | {"cancel_after_time_interval=1500ms"} <= parameters(path)
    assert {"term": {"tenant": "acme"}} in json.loads(body)["query"]["bool"]["filter"]


def test_one_hit_more_than_asked_for_tells_that_there_is_more(engine: Any) -> None:
    engine.answers += [(200, hits(1, 2, 3)), (200, PIT)]
    found = search(size=2)
    assert (found.documents, found.more) == ([{"id": 1}, {"id": 2}], True)
    assert found.places == [([1.5, 1], "p1", False), ([1.5, 2], "p1", False)]
    assert found.last == found.places[1]
    assert json.loads(engine.asked[0][1])["size"] == 3
    assert engine.paths == [HERE, FREEZE]
    assert {"routing=acme", "preference=acme", "keep_alive=1m"} <= parameters(engine.asked[1][0])


def test_what_is_ranked_is_frozen_before_its_first_page_for_all_of_them(engine: Any) -> None:
    engine.answers += [(200, PIT), (200, hits(1, 2)), (200, hits(2))]
    first = search(text="ada", size=1)
    assert first.last == ([1.5, 1], "p1", False)
    last = search(text="ada", size=1, after=json.loads(json.dumps(first.last)))
    assert (last.documents, last.last) == ([{"id": 2}], None)
    # Whoever has a cursor of the listing may go on in it: it is left to expire.
    assert last.places == [([1.5, 2], "p1", False)]
    assert engine.paths == [FREEZE, FROZEN, FROZEN]
    bodies = [json.loads(body) for _, body in engine.asked[1:]]
    assert bodies[0]["pit"] == bodies[1]["pit"] == IN_PIT
    assert bodies[1]["search_after"] == [1.5, 1]
    # The point in time knows where it is: the engine refuses to be told again.
    assert "routing=acme" not in parameters(engine.asked[1][0])


@pytest.mark.parametrize("after", [None, [[1.5, 1], None, False]])
def test_a_point_in_time_that_was_opened_for_the_last_page_is_let_go(
    engine: Any, after: Any
) -> None:
    engine.answers += [(200, PIT), (200, hits(2)), (200, {})]
    found = search(text="ada", after=after)
    assert (found.last, found.places) == (None, [([1.5, 2], None, False)])
    assert engine.paths == [FREEZE, FROZEN, LET_GO]
    assert json.loads(engine.asked[2][1]) == {"pit_id": ["p1"]}


@pytest.mark.parametrize("sort", ["newest", "oldest", "amount", "-amount"])
def test_what_cannot_change_places_is_not_frozen_for_one_page(engine: Any, sort: Any) -> None:
    engine.answers.append((200, hits(1)))
    assert search(text="ada", sort=sort).last is None
    assert engine.paths == [HERE]


@pytest.mark.parametrize(
    "gone",
    [
        (404, EXPIRED),
        (404, problem("index_not_found_exception")),
        (400, problem("illegal_argument_exception")),
    ],
)
def test_a_listing_whose_point_in_time_is_gone_goes_on_in_a_new_one(
    engine: Any, gone: tuple[int, Any]
) -> None:
    engine.answers += [gone, (200, {"pit_id": "p2"}), (200, hits(3, 4))]
    found = search(text="ada", size=1, after=[[1.5, 2], "p1", True])
    assert (found.documents, found.last) == ([{"id": 3}], ([1.5, 3], "p2", True))
    assert engine.paths == [FROZEN, FREEZE, FROZEN]
    assert json.loads(engine.asked[2][1])["search_after"] == [1.5, 2]


def test_a_new_point_in_time_for_one_that_is_gone_is_let_go_at_the_end(engine: Any) -> None:
    engine.answers += [(404, EXPIRED), (200, {"pit_id": "p2"}), (200, hits(3)), (200, {})]
    found = search(text="ada", size=1, after=[[1.5, 2], "p1", True])
    assert (found.last, found.places) == (None, [([1.5, 3], None, True)])
    assert engine.paths == [FROZEN, FREEZE, FROZEN, LET_GO]
    assert json.loads(engine.asked[3][1]) == {"pit_id": ["p2"]}


def test_near_misses_are_looked_for_when_nothing_else_is_found_and_then_on_all_pages(
    engine: Any,
) -> None:
    engine.answers += [(200, PIT), (200, hits()), (200, hits(1, 2)), (200, hits(2))]
    first = search(text="lovelase", size=1)
    assert first.last == ([1.5, 1], "p1", True)
    assert search(text="lovelase", size=1, after=first.last).documents == [{"id": 2}]
    assert ["fuzziness" in body for _, body in engine.asked[1:4]] == [False, True, True]


@pytest.mark.parametrize("text", ["ord_1", "4711", "lovelase" * 8])
def test_where_near_misses_cannot_be_nothing_is_nothing(engine: Any, text: str) -> None:
    engine.answers += [(200, PIT), (200, hits()), (200, {})]
    assert search(text=text).documents == []


def test_the_end_of_a_listing_is_no_reason_to_look_for_near_misses(engine: Any) -> None:
    engine.answers += [(200, hits())]
    assert search(text="ada", after=[[1.5, 2], "p1", False]).documents == []


def test_an_engine_without_room_for_a_point_in_time_is_searched_as_it_is(engine: Any) -> None:
    engine.answers += [(429, NO_ROOM), (200, hits(1, 2)), (429, NO_ROOM)]
    found = search(text="ada", size=1)
    assert (found.documents, found.last) == ([{"id": 1}], ([1.5, 1], None, False))
    assert engine.paths == [FREEZE, HERE, FREEZE]


def test_a_point_in_time_that_cannot_be_let_go_is_left_to_expire(engine: Any) -> None:
    engine.answers += [(200, PIT), (200, hits(1)), (403, problem("security_exception"))]
    assert search(text="ada").documents == [{"id": 1}]


def test_highlights_and_counts_come_with_what_is_found(engine: Any) -> None:
    hit = {"_source": {"id": 1}, "sort": [1, "a"]}
    marked = {"title": ["<em>Shoe</em> laces"], "title.stems": ["<em>Shoe</em> <em>laces</em>"]}
    buckets = {
        "kind": {"buckets": [{"key": "user", "doc_count": 3}]},
        "date": {"buckets": [{"key": 1, "key_as_string": "2026-11", "doc_count": 2}]},
    }
    found = {"hits": {"hits": [hit | {"highlight": marked}, hit]}, "aggregations": buckets}
    engine.answers += [(200, PIT), (200, found), (200, {})]
    answer = search(text="shoes lace", facets=("kind", "date"))
    assert answer.highlights == [{"title": ["<em>Shoe</em> <em>laces</em>"]}, {}]
    assert answer.facets == {"kind": {"user": 3}, "date": {"2026-11": 2}}
    assert json.loads(engine.asked[1][1])["aggs"].keys() == {"kind", "date"}


@pytest.mark.parametrize("text", ["", "ada"])
def test_before_anything_was_written_nothing_is_found(engine: Any, text: str) -> None:
    engine.answers.append((404, problem("index_not_found_exception")))
    found = search(text=text)
    assert (found.documents, found.last) == ([], None)


def ask(text: str) -> object:
    return search(text=text)


def suggest(text: str) -> object:
    return OpenSearchSearcher.connect().suggest(Typed(tenant="acme", text=text))


def test_suggestions_are_asked_of_the_tenants_own_shard(engine: Any) -> None:
    engine.answers.append((200, hits(1, 2)))
    assert suggest("ad") == [{"id": 1}, {"id": 2}]
    ((path, body),) = engine.asked
    assert path.startswith(HERE)
    assert "routing=acme" in parameters(path)
    assert {"term": {"tenant": "acme"}} in json.loads(body)["query"]["bool"]["filter"]


def test_before_anything_was_written_nothing_is_suggested(engine: Any) -> None:
    engine.answers.append((404, problem("index_not_found_exception")))
    assert suggest("ad") == []


@pytest.mark.parametrize("asked", [ask, suggest])
@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_what_the_engine_cannot_do_now_is_unavailable(engine: Any, asked: Any, status: int) -> None:
    engine.answers += [(status, problem("some_exception"))] * 2
    with pytest.raises(Unavailable):
        asked("" if asked is ask else "a")


@pytest.mark.parametrize("asked", [ask, suggest])
def test_what_the_engine_does_not_understand_is_no_outage(engine: Any, asked: Any) -> None:
    engine.answers.append((400, problem("parsing_exception")))
    with pytest.raises(RequestError):
        asked("" if asked is ask else "a")


@pytest.mark.parametrize("after", [None, [[1.5, 1], None, False]])
def test_what_it_does_not_understand_in_a_new_point_in_time_is_not_asked_again(
    engine: Any, after: Any
) -> None:
    engine.answers += [(200, PIT), (400, problem("parsing_exception"))]
    with pytest.raises(RequestError):
        search(text="ada", after=after)
    assert engine.paths == [FREEZE, FROZEN]


@pytest.mark.parametrize("text", ["", "ada"])
def test_an_engine_that_is_down_is_unavailable(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SEARCH_ENDPOINT", "http://127.0.0.1:1")
    connected.cache_clear()
    with pytest.raises(Unavailable, match="ConnectionError"):
        search(text=text)
    connected.cache_clear()


@pytest.mark.parametrize("handler", [api_search.handler, api_suggest.handler])
def test_an_engine_that_says_nothing_is_one_that_is_down(
    handler: Any, monkeypatch: pytest.MonkeyPatch, cursor_secret: None, aws: None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("SEARCH_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        connected.cache_clear()
        response = conformance.ask(handler, query={"q": "ada"})
        connected.cache_clear()
    assert response.problem == (503, "search-unavailable")
    assert response.headers["Retry-After"] == "5"


def test_a_domain_on_aws_is_spoken_to_with_the_functions_signature(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: dict[str, str] = {}

    def urlopen(_: object, *__: object, headers: dict[str, str], **___: object) -> Any:
        sent.update(headers)
        return urllib3.HTTPResponse(b'{"hits": {"hits": []}}', status=200)

    monkeypatch.setattr(urllib3.HTTPSConnectionPool, "urlopen", urlopen)
    monkeypatch.setenv("SEARCH_ENDPOINT", "https://search.eu-west-1.es.amazonaws.com")
    connected.cache_clear()
    OpenSearchSearcher.connect().search(Search(tenant="acme"))
    connected.cache_clear()
    assert "/eu-west-1/es/aws4_request" in sent["Authorization"]
    assert "x-amz-content-sha256" in sent["Authorization"].lower()


def test_a_missing_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEARCH_ENDPOINT", raising=False)
    connected.cache_clear()
    with pytest.raises(BadSetting, match="SEARCH_ENDPOINT"):
        OpenSearchSearcher.connect()
