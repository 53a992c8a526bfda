"""What the template says of the graph: who may ask, what its resolvers reach, how much is asked."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from infra.constructs import graph_api
from infra.discovery import services
from search_sync.domain.query import Facet, Kind, Sort, Status
from search_sync.resolvers.query_search import Arguments
from tests.synthesis import Json, Resource, Template, synthesised
from tests.templates import text

(SEARCH_SYNC,) = services(["search-sync"])
FOLDER = SEARCH_SYNC.folder / "graphql"
SCHEMA = (FOLDER / "schema.graphql").read_text()
RESOLVER = "AWS::AppSync::Resolver"
SOURCE = "AWS::AppSync::DataSource"
SCALARS = {"AWSDateTime", "Boolean", "Float", "ID", "Int", "String"} | set(
    re.findall(r"^enum (\w+)", SCHEMA, re.MULTILINE)
)


@pytest.fixture(scope="module", params=["prod", "dev", "local"])
def template(request: pytest.FixtureRequest) -> Template:
    return synthesised(request.param).templates["search-sync"]


@pytest.fixture(scope="module")
def api(template: Template) -> Json:
    (resource,) = template.resources("AWS::AppSync::GraphQLApi")
    return resource.properties


def role(template: Template, reference: Any) -> Resource:
    return template.get(reference["Fn::GetAtt"][0])


def allowed(template: Template, reference: Any) -> list[tuple[list[str], list[Any]]]:
    """Return the actions of a role and the resources of each."""
    (policy,) = role(template, reference).properties["Policies"]
    return [(one["Action"], one["Resource"]) for one in policy["PolicyDocument"]["Statement"]]


def test_a_token_of_the_stage_s_pool_for_its_client_is_the_only_way_in(
    template: Template, api: Json
) -> None:
    assert api["AuthenticationType"] == "AMAZON_COGNITO_USER_POOLS"
    assert "AdditionalAuthenticationProviders" not in api
    pool = api["UserPoolConfig"]
    parameters = template.document["Parameters"]
    named = [parameters[pool[key]["Ref"]]["Default"] for key in ("UserPoolId", "AppIdClientRegex")]
    assert [name.rpartition("/")[2] for name in named] == ["user-pool-id", "user-pool-client-id"]
    assert pool["DefaultAction"] == "ALLOW"  # the pool's users may ask; resolvers say what they see
    assert not [*template.resources("AWS::AppSync::ApiKey")]


def test_queries_are_bounded_and_traced_and_errors_logged_without_values(api: Json) -> None:
    assert (api["QueryDepthLimit"], api["ResolverCountLimit"]) == (10, 500)
    assert api["XrayEnabled"] is True
    assert api["LogConfig"]["FieldLogLevel"] == "ERROR"
    assert api["LogConfig"]["ExcludeVerboseContent"] is True


def test_its_logs_end(template: Template) -> None:
    groups = [
        group.properties
        for group in template.resources("AWS::Logs::LogGroup")
        if "/aws/appsync/apis/" in text(group.properties["LogGroupName"])
    ]
    assert len(groups) == 1
    assert groups[0]["RetentionInDays"] > 0


def test_resolvers_read_the_table_by_keys_and_queries_alone(template: Template) -> None:
    (rows,) = [
        one.properties
        for one in template.resources(SOURCE)
        if one.properties["Type"] == "AMAZON_DYNAMODB"
    ]
    ((actions, resources),) = allowed(template, rows["ServiceRoleArn"])
    assert actions == ["dynamodb:GetItem", "dynamodb:Query"]
    assert [text(one).rpartition("/")[2] for one in resources[1:]] == ["gsi1", "gsi2"]
    (table,) = template.resources("AWS::DynamoDB::Table")
    assert resources[0] == {"Fn::GetAtt": [table.logical_id, "Arn"]}
    assert rows["DynamoDBConfig"]["TableName"] == {"Ref": table.logical_id}


def test_search_alone_is_answered_by_a_function_which_its_role_alone_may_call(
    template: Template,
) -> None:
    (search,) = [
        one.properties
        for one in template.resources(SOURCE)
        if one.properties["Type"] == "AWS_LAMBDA"
    ]
    called = search["LambdaConfig"]["LambdaFunctionArn"]
    function = role(template, called)
    assert function.properties["Handler"] == "search_sync.resolvers.query_search.handler"
    assert allowed(template, search["ServiceRoleArn"]) == [(["lambda:InvokeFunction"], [called])]
    by = {
        (one.properties["TypeName"], one.properties["FieldName"]): one.properties["DataSourceName"]
        for one in template.resources(RESOLVER)
    }
    functions = [field for field, source in by.items() if "Function" in text(source)]
    assert functions == [("Query", "search")]


def test_appsync_alone_takes_its_roles_and_for_this_account_alone(template: Template) -> None:
    roles = [
        one.properties["AssumeRolePolicyDocument"]["Statement"][0]
        for one in template.resources("AWS::IAM::Role")
        if "appsync" in json.dumps(one.properties["AssumeRolePolicyDocument"])
    ]
    assert len(roles) == 3
    for trust in roles:
        assert trust["Principal"] == {"Service": "appsync.amazonaws.com"}
        assert trust["Condition"] == {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        }


def test_every_resolver_is_a_unit_of_its_file_after_the_schema(template: Template) -> None:
    (schema,) = template.resources("AWS::AppSync::GraphQLSchema")
    assert schema.properties["Definition"] == SCHEMA
    files = {file.stem for file in (FOLDER / "resolvers").glob("*.*.js")}
    found = set()
    for one in template.resources(RESOLVER):
        assert one.properties["Kind"] == "UNIT"
        assert one.properties["Runtime"] == {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}
        assert schema.logical_id in one.document["DependsOn"]
        found.add(f"{one.properties['TypeName']}.{one.properties['FieldName']}")
    assert found == files


def test_every_field_that_is_no_part_of_a_row_has_a_resolver() -> None:
    said = re.sub("#.*", "", SCHEMA)
    types = dict(re.findall(r"^type (\w+) \{\n(.*?)^\}", said, re.DOTALL | re.MULTILINE))
    nested = {"Line", "Money", "PageInfo", "OrderEdge"}
    nested |= {"SearchEdge", "SearchHit", "Highlight", "FacetCounts", "Count"}
    fields = {
        f"{kind}.{name}"
        for kind, body in types.items()
        for name, returned in re.findall(r"^  (\w+)(?:\([^)]*\))?: \[?(\w+)", body, re.MULTILINE)
        # An edge's order is the row that it was made of.
        if returned not in SCALARS | nested and f"{kind}.{name}" != "OrderEdge.node"
    }
    assert fields == {".".join(field) for field in graph_api.resolvers(FOLDER / "resolvers")}


def test_the_search_s_arguments_and_values_are_those_that_its_function_takes() -> None:
    (said,) = re.findall(r"^  search\((.*?)^  \)", SCHEMA, re.DOTALL | re.MULTILINE)
    takes = {field.alias for field in Arguments.model_fields.values()}
    assert set(re.findall(r"^    (\w+): ", said, re.MULTILINE)) == takes - {"tenant"}
    values = {
        name: set(re.findall(r"^  (\w+)$", body, re.MULTILINE))
        for name, body in re.findall(r"^enum (\w+) \{\n(.*?)^\}", SCHEMA, re.DOTALL | re.MULTILINE)
    }
    assert values["Kind"] == {*get_args(Kind)}
    assert values["Status"] == {*get_args(Status)}
    assert values["Facet"] == {*get_args(Facet)}
    sorts = {Arguments(tenant="acme", currency="EUR", sort=sort).sort for sort in values["Sort"]}
    assert sorts == {*get_args(Sort)}


def test_a_resolver_s_code_is_one_module_within_appsync_s_limit() -> None:
    for field, code in graph_api.resolvers(FOLDER / "resolvers").items():
        assert len(code.encode()) < 32_768, field
        assert re.findall(r"^import .* from (.*);$", code, re.MULTILINE) == ["'@aws-appsync/utils'"]
        assert re.findall(r"^export function (\w+)", code, re.MULTILINE) == ["request", "response"]
        assert "tenantOf(ctx)" in code
        names = re.findall(r"^(?:export )?(?:function|const) (\w+)", code, re.MULTILINE)
        assert len(names) == len(set(names))


def test_what_two_modules_import_is_there_once(tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text("export function one() {\n  return 1;\n}\n")
    (tmp_path / "two.js").write_text(
        "// A comment.\nimport { one } from './one.js';\n\nexport const TWO = one() + 1; // two\n"
    )
    (tmp_path / "Query.three.js").write_text(
        "import { TWO } from './two.js';\nimport { one } from './one.js';\n"
        "import { util } from '@aws-appsync/utils';\n"
        "export function request(ctx) {\n  return TWO + one();\n}\n"
    )
    ((field, code),) = graph_api.resolvers(tmp_path).items()
    assert (field.type, field.name, field.words) == ("Query", "three", "query-three")
    assert code.split("\n") == [
        "import { runtime, util } from '@aws-appsync/utils';",
        "",
        "function one() {",
        "  return 1;",
        "}",
        "",
        "const TWO = one() + 1; // two",
        "",
        "export function request(ctx) {",
        "  return TWO + one();",
        "}",
        "",
    ]


def test_its_5xx_ring_and_it_is_on_the_dashboard(template: Template) -> None:
    (alarm,) = [
        one.properties
        for one in template.resources("AWS::CloudWatch::Alarm")
        if one.properties.get("Namespace") == "AWS/AppSync"
    ]
    assert alarm["AlarmName"].endswith("search-sync-graph-5xx")
    assert alarm["MetricName"] == "5XXError"
    assert [one["Name"] for one in alarm["Dimensions"]] == ["GraphQLAPIId"]
    (dashboard,) = template.resources("AWS::CloudWatch::Dashboard")
    assert "AWS/AppSync" in json.dumps(dashboard.properties)


def test_clients_are_told_where_it_is(template: Template) -> None:
    outputs = template.document["Outputs"]
    (graph,) = template.resources("AWS::AppSync::GraphQLApi")
    assert outputs["GraphUrl"]["Value"] == {"Fn::GetAtt": [graph.logical_id, "GraphQLUrl"]}
    assert outputs["GraphId"]["Value"] == {"Fn::GetAtt": [graph.logical_id, "ApiId"]}
