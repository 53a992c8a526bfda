"""OpenAPI documents, of small services made for the purpose."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.discovery import Service
from infra.openapi import document, documents
from infra.openapi.answers import refused
from infra.openapi.examples import Example
from infra.openapi.operation import of_endpoint, of_queued
from infra.openapi.schemas import Schemas
from runtime.endpoint import Endpoint, endpoint
from runtime.messages import Answer, Body, Listing, Page, Request, View
from runtime.problems import Problem, Stale
from runtime.queued import queued
from runtime.signed import Sent, signed

SAMPLE = Path(__file__).parents[1] / "cdk" / "sample" / "birds"
NONE = Example({}, {}, None)


class Gone(Problem):
    """A status that nothing else has."""

    status, type, title = 410, "gone", "Gone"


class NewTree(Body):
    """A tree."""

    name: str


class TreeView(View):
    """A tree, as it is seen."""

    name: str


class Wanted(Page):
    """Which trees."""

    size: int
    kind: str | None = None


def plant(request: Request[NewTree]) -> Answer[TreeView]:
    """Plant it."""
    return Answer(TreeView(name=request.body.name))


def trees(request: Request[None, Wanted]) -> Listing[TreeView]:
    """Find them."""
    return Listing(items=[], next_cursor=None)


def fell(request: Request[None]) -> None:
    """Fell it."""


def made(declared: Endpoint, example: Example = NONE, gateway: Any = "rest") -> dict[str, Any]:
    return of_endpoint(declared, gateway, Schemas([declared]), example)


@pytest.fixture
def birds(tmp_path: Path) -> Service:
    shutil.copytree(SAMPLE, tmp_path / "birds")
    return Service(tmp_path / "birds")


def test_a_document_has_each_operation_and_the_services_name(birds: Service) -> None:
    of = document(birds, "http://127.0.0.1/live")
    assert of["openapi"].startswith("3.1.")
    assert (of["info"]["title"], of["info"]["version"]) == ("birds", "1.0.0")
    assert of["servers"][0]["url"] == "http://127.0.0.1/live"
    told = {path: sorted(operations) for path, operations in of["paths"].items()}
    assert told == {"/birds": ["get", "post"], "/birds/{id}": ["get"]}
    assert of["paths"]["/birds"]["post"]["security"] == [{"token": ["admin"]}]
    assert of["paths"]["/birds"]["get"]["security"] == [{"token": []}]


def test_models_of_one_name_are_kept_apart() -> None:
    def asking(kind: type) -> Endpoint:
        class NewTree(Body):
            size: kind  # type: ignore[valid-type]  # chosen at run time

        def add(request: Request[NewTree]) -> TreeView:
            return TreeView(name="oak")

        return endpoint("POST", "/trees", add)

    whole, text = asking(int), asking(str)
    schemas = Schemas([whole, text])
    refs = [schemas.body(one.body)["$ref"] for one in (whole, text) if one.body]
    properties = [schemas.components()[ref.rpartition("/")[2]]["properties"] for ref in refs]
    assert properties == [{"size": {"type": "integer"}}, {"size": {"type": "string"}}]


def test_a_service_without_an_api_has_no_document(birds: Service) -> None:
    herds = Service(birds.folder.with_name("herds"))
    assert documents([birds, herds]).keys() == {"birds.json"}


def test_a_stack_with_an_http_api_is_one(birds: Service) -> None:
    def kinds() -> Any:
        answers = document(birds)["paths"]["/birds/{id}"]["get"]["responses"]
        return answers["401"]["content"].keys(), answers.keys() & {"503", "504"}

    assert kinds() == ({"application/problem+json"}, {"504"})
    stack = birds.folder / "stack.py"
    stack.write_text(stack.read_text().replace("self.rest_api(reads=table, ", "self.http_api("))
    assert kinds() == ({"application/problem+json", "application/json"}, {"503"})


def test_a_query_says_what_must_be_there_and_never_null() -> None:
    parameters = {one["name"]: one for one in made(endpoint("GET", "/trees", trees))["parameters"]}
    assert {name for name, one in parameters.items() if one["required"]} == {"size"}
    assert parameters["kind"]["schema"] == {"type": "string"}
    assert parameters["limit"]["schema"]["default"] == 20
    assert all(one["in"] == "query" for one in parameters.values())


def test_headers_are_told_of_where_they_are_honoured() -> None:
    def headers(declared: Endpoint) -> set[str]:
        return {one["name"] for one in made(declared)["parameters"] if one["in"] == "header"}

    assert headers(endpoint("POST", "/trees", plant)) == set()
    assert headers(endpoint("POST", "/trees", plant, idempotent=True)) == {"Idempotency-Key"}
    assert headers(endpoint("PUT", "/trees", plant, problems=[Stale])) == {"If-Match"}


def test_an_answer_that_may_be_kept_says_so_and_what_is_heard_later() -> None:
    operation = made(endpoint("GET", "/trees", trees, fresh_seconds=5))
    assert {one["name"] for one in operation["parameters"] if one["in"] == "header"} == {
        "If-None-Match"
    }
    answers = operation["responses"]
    for status in ("200", "304"):
        assert {"ETag", "Cache-Control"} <= answers[status]["headers"].keys()
    assert "content" not in answers["304"]
    usual = made(endpoint("GET", "/trees", trees))
    assert "304" not in usual["responses"]
    assert "Cache-Control" not in usual["responses"]["200"]["headers"]


def test_a_refusal_that_passes_by_itself_says_when() -> None:
    class Busy(Gone):
        """Not now."""

        status, type, title, retry_seconds = 503, "busy", "Busy", 7

    answers = made(endpoint("GET", "/trees", trees, problems=[Busy, Gone]))["responses"]
    assert "Retry-After" in answers["503"]["headers"]
    assert "Retry-After" not in answers["410"]["headers"]


def test_an_answer_has_its_tag_and_its_statuses() -> None:
    planted = made(endpoint("PUT", "/trees/{id}", plant, status=200, also=[201]))["responses"]
    for status in ("200", "201"):
        assert "ETag" in planted[status]["headers"]
    assert "202" not in planted
    found = made(endpoint("GET", "/trees", trees))["responses"]
    assert "ETag" not in found["200"]["headers"]
    felled = made(endpoint("DELETE", "/trees/{id}", fell))["responses"]
    assert "content" not in felled["204"]
    assert "200" not in felled


def test_examples_stand_where_they_belong() -> None:
    oak = {"name": "oak"}
    operation = made(
        endpoint("PUT", "/trees/{id}", plant), Example({"id": "t1"}, {"oak": oak}, oak)
    )
    assert operation["parameters"][0]["example"] == "t1"
    body = operation["requestBody"]["content"]["application/json"]
    assert body["examples"] == {"oak": {"value": oak}}
    assert operation["responses"]["200"]["content"]["application/json"]["example"] == oak


def test_a_status_of_a_services_own_is_told_of_in_the_standards_words() -> None:
    answers = made(endpoint("GET", "/trees", trees, problems=[Gone]))["responses"]
    assert answers["410"]["description"] == "Gone"


def test_of_problems_with_one_status_each_is_told() -> None:
    class Broken(Problem):
        status, type, title = 410, "broken", "Broken"

    schemas = Schemas([])
    schema = refused([Gone, Broken, Gone], "http", schemas)["410"]["content"]
    assert len(schema["application/problem+json"]["schema"]["oneOf"]) == 2
    assert {"Problem", "GoneProblem", "BrokenProblem"} <= schemas.components().keys()


def test_who_signs_needs_no_token_and_may_say_anything() -> None:
    def hear(request: Sent) -> TreeView:
        return TreeView(name="oak")

    operation = made(signed("POST", "/heard", hear, header="X-Signature", problems=[Gone]))
    assert operation["security"] == []
    (header,) = operation["parameters"]
    assert (header["name"], header["in"], header["required"]) == ("X-Signature", "header", True)
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"type": "object"}
    assert operation["responses"].keys() == {"200", "400", "401", "410", "429", "500", "504"}
    assert operation["responses"]["401"]["description"] == "No good signature"


def test_a_queued_endpoint_is_answered_by_the_gateway_alone() -> None:
    route = queued("POST", "/trees/bulk", NewTree, queue="plant-trees")
    operation = of_queued(__name__, route, Schemas([], [route]), NONE)
    assert operation["operationId"] == "plant_trees"
    assert operation["responses"].keys() >= {"202", "400", "401", "413", "415", "429", "500"}
    assert "409" not in operation["responses"]
    assert "Retry-After" in operation["responses"]["202"]["headers"]
