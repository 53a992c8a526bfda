"""What the functions of search may do with the engine, and a browser with their answers."""

import pytest

from tests.synthesis import Template, synthesised
from tests.templates import text

SEARCHING = {"search", "suggest", "query-search"}


def deleting(template: Template, role: str) -> list[str]:
    """Return the ends of the paths that a role may delete."""
    (domain,) = template.resources("AWS::OpenSearchService::Domain")
    return [
        text(resource).partition("domain/")[2]
        for statement in domain.properties["AccessPolicies"]["Statement"]
        if statement["Principal"]["AWS"]["Fn::GetAtt"][0] == role
        and "es:ESHttpDelete" in statement["Action"]
        for resource in statement["Resource"]
    ]


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_who_only_searches_deletes_nothing_but_points_in_time(stage: str) -> None:
    template = synthesised(stage).templates["search-sync"]
    seen = set()
    for function in template.resources("AWS::Lambda::Function"):
        if "SEARCH_ENDPOINT" not in function.properties["Environment"]["Variables"]:
            continue
        name = str(function.properties["FunctionName"]).partition("search-sync-")[2]
        paths = deleting(template, function.properties["Role"]["Fn::GetAtt"][0])
        expected = "_search/point_in_time" if name in SEARCHING else "*"
        # What tells the engine of the roles deletes nothing.
        expecting = [] if name == "admit-roles" else [f"starling-{stage}-index/{expected}"]
        assert paths == expecting, name
        seen.add(name)
    assert seen > {*SEARCHING, "admit-roles"}


def test_a_page_of_another_origin_may_ask_whether_an_answer_has_changed() -> None:
    (api,) = synthesised("dev").templates["search-sync"].resources("AWS::ApiGatewayV2::Api")
    browser = api.properties["CorsConfiguration"]
    assert "if-none-match" in browser["AllowHeaders"]
    assert {"etag", "retry-after"} <= set(browser["ExposeHeaders"])
