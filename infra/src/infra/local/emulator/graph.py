"""Corrections of AppSync: what a resolver reads, who may ask, and how much."""

import base64
import json
import re
import time
from collections.abc import Iterator
from typing import Any

from .private import APPSYNC, COGNITO, DYNAMODB, GRAPHQL, find, function, put

FIRST_ERROR_STATUS = 400
USER_POOLS = "AMAZON_COGNITO_USER_POOLS"
PARTS_OF_A_TOKEN = 3


def read_tables_as_asked() -> None:
    """Let a resolver's GetItem and Query be DynamoDB's own.

    Stock looks at neither an index nor a condition: it answers a query with all of the table, of
    all tenants, and loses what is nested.
    """
    other = function(
        APPSYNC, "_ds_dynamodb_in_region", "api_id", "data_source", "request_obj", "ctx"
    )
    get = function(DYNAMODB, "_get_item", "data")
    query = function(DYNAMODB, "_query", "data")
    failure = find(APPSYNC, "_AppSyncResolverError")

    def call(operation: Any, parameters: dict[str, Any]) -> Any:
        status, _, body = operation(parameters)
        answer = json.loads(body)
        if status >= FIRST_ERROR_STATUS:
            raise failure(answer.get("message", "refused"), f"DynamoDB:{answer.get('__type')}")
        return answer

    def read(api: str, source: Any, request: Any, context: Any) -> Any:
        table = {"TableName": source["dynamodbConfig"]["tableName"]}
        consistent = bool(request.get("consistentRead"))
        if request.get("operation") == "GetItem":
            asked = table | {"Key": request["key"], "ConsistentRead": consistent}
            item = call(get, asked).get("Item")
            return None if item is None else _plain({"M": item})
        if request.get("operation") != "Query":
            return other(api, source, request, context)
        asked = table | {
            "KeyConditionExpression": request["query"]["expression"],
            "ExpressionAttributeValues": request["query"].get("expressionValues"),
            "ExpressionAttributeNames": request["query"].get("expressionNames"),
            "IndexName": request.get("index"),
            "Limit": request.get("limit"),
            "ScanIndexForward": request.get("scanIndexForward", True),
            "ConsistentRead": consistent,
        }
        if request.get("nextToken"):
            asked["ExclusiveStartKey"] = json.loads(base64.b64decode(request["nextToken"]))
        answer = call(query, {name: value for name, value in asked.items() if value is not None})
        last = answer.get("LastEvaluatedKey")
        return {
            "items": [_plain({"M": item}) for item in answer["Items"]],
            "nextToken": last and base64.b64encode(json.dumps(last).encode()).decode(),
            "scannedCount": answer["ScannedCount"],
        }

    put(APPSYNC, "_ds_dynamodb_in_region", read)


def check_tokens() -> None:
    """Let nobody in whose token the API's user pool has not issued, as AWS does.

    Stock lets any token in, and believes what a forged one says.
    """
    accepted = function(APPSYNC, "_request_is_authenticated", "api_id", "api", "request_headers")
    signed = function(COGNITO, "_signature_valid", "token")
    claims_of = function(COGNITO, "_token_claims", "token")

    def is_authenticated(api_id: str, api: Any, headers: Any) -> bool:
        pool = api.get("userPoolConfig")
        if api.get("authenticationType") != USER_POOLS or not pool:
            return bool(accepted(api_id, api, headers))
        given = {str(name).lower(): str(value) for name, value in (headers or {}).items()}
        token = given.get("authorization", "").removeprefix("Bearer ")
        if len(token.split(".")) != PARTS_OF_A_TOKEN:
            return False
        claims = claims_of(token)
        audience = str(claims.get("aud") or claims.get("client_id") or "")
        return bool(
            str(claims.get("iss", "")).rpartition("/")[2] == pool["userPoolId"]
            and signed(token)
            and re.fullmatch(pool.get("appIdClientRegex") or ".*", audience)
            and claims["exp"] > time.time()
        )

    put(APPSYNC, "_request_is_authenticated", is_authenticated)


def hold_limits() -> None:
    """Refuse a query that is deeper than the API allows, or calls more resolvers.

    Stock keeps both limits and looks at neither. The errors are not in AWS's words.
    """
    apis = find(APPSYNC, "_apis")
    resolvers = find(APPSYNC, "_resolvers")
    failure = find(APPSYNC, "_AppSyncResolverError")
    parse = find(GRAPHQL, "parse")
    execute = function(
        GRAPHQL,
        "execute",
        *("api_id", "sdl", "query", "variables", "operation_name", "field_resolver", "context"),
    )

    def within_limits(*given: Any) -> Any:
        api_id, sdl, query, variables, name, resolve, context = given
        api = apis.get(api_id) or {}
        deepest, most = api.get("queryDepthLimit") or 0, api.get("resolverCountLimit") or 0
        called = 0

        def counting(source: Any, info: Any, **arguments: Any) -> Any:
            nonlocal called
            own = (resolvers.get(api_id) or {}).get(info.parent_type.name, {})
            called += info.field_name in own
            if most and called > most:
                raise failure(f"over {most} resolvers are called", "ResolverCountLimitReached")
            return resolve(source, info, **arguments)

        if deepest:
            try:
                document = parse(query)
            except Exception:  # noqa: BLE001 - the execution says what is wrong with it
                document = None
            if document and _depth(document) > deepest:
                problem = f"the query is over {deepest} levels deep"
                return None, [{"message": problem, "errorType": "QueryDepthLimitReached"}]
        return execute(api_id, sdl, query, variables, name, counting, context)

    put(GRAPHQL, "execute", within_limits)


def _depth(document: Any) -> int:
    fragments = {
        one.name.value: one for one in document.definitions if one.kind == "fragment_definition"
    }

    def levels(selections: Any, within: tuple[str, ...]) -> Iterator[int]:
        for one in selections.selections if selections else ():
            if one.kind == "field":
                yield 1 + max(levels(one.selection_set, within), default=0)
            elif one.kind == "inline_fragment":
                yield from levels(one.selection_set, within)
            elif (name := one.name.value) in fragments and name not in within:
                yield from levels(fragments[name].selection_set, (*within, name))

    operations = [one for one in document.definitions if one.kind == "operation_definition"]
    return max((depth for one in operations for depth in levels(one.selection_set, ())), default=0)


def _plain(value: Any) -> Any:
    """Return an attribute's value as a resolver sees it."""
    ((kind, content),) = value.items()
    if kind == "M":
        return {name: _plain(inner) for name, inner in content.items()}
    if kind == "L":
        return [_plain(inner) for inner in content]
    if kind == "N":
        return float(content) if set(content) & set(".eE") else int(content)
    return None if kind == "NULL" else content


CORRECTIONS = (read_tables_as_asked, check_tokens, hold_limits)
