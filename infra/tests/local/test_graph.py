"""The graph of search-sync on a real emulator: the schema, the resolvers' own code, a table's rows.

`evaluate_code` is how AppSync tries a resolver; on AWS it also refuses what APPSYNC_JS lacks.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from contracts.money import Money
from infra.constructs.graph_api import DEEPEST, MOST_RESOLVERS, Field, GraphApi, resolvers
from infra.discovery import services
from infra.tools import node
from runtime.table import Table
from search_sync.domain.rows import Line, Media, Order, OrderStatus
from search_sync.store import Projection

node.use()  # before aws_cdk is imported: it starts node

from aws_cdk import App, CfnOutput, Stack, assertions  # noqa: E402 - see above
from aws_cdk import aws_cognito as cognito  # noqa: E402 - see above
from aws_cdk import aws_lambda as lambda_  # noqa: E402 - see above

from infra.constructs.table import ServiceTable  # noqa: E402 - see above

(SEARCH_SYNC,) = services(["search-sync"])
FOLDER = SEARCH_SYNC.folder / "graphql"
CODE = resolvers(FOLDER / "resolvers")
RUNTIME = {"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"}

# Says what it was asked, as a hit's title; fails and refuses when told to.
SEARCH = """
import json
def handler(event, context):
    wanted = event.get("q", "")
    if wanted == "fail":
        raise OSError("secret detail")
    if wanted == "refuse":
        return {"problem": {"type": "search-unavailable", "detail": "try again soon"}}
    kind = event.get("kind", "order")
    hit = {"kind": kind, "id": wanted, "title": json.dumps(event), "status": "placed"}
    hit["highlights"] = [{"field": "title", "fragments": ["<em>x</em>"]}]
    page = {"hasNextPage": True, "endCursor": "signed"}
    facets = [
        {"name": name, "counts": [{"value": "2026-11", "count": 2}]}
        for name in event.get("facets", [])
    ]
    edges = [{"cursor": "signed", "node": hit}]
    return {"data": {"edges": edges, "pageInfo": page, "facets": facets}}
"""

ADA, BOB, GONE, NOBODY = (
    f"usr_01JD0000000000000000000{one}" for one in ("ADA", "B0B", "G0N", "N0B")
)
STATUSES: list[OrderStatus] = ["placed", "confirmed", "fulfilled", "placed", "cancelled"]
AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def order_id(number: int) -> str:
    return f"ord_01JD00000000000000000{number:05d}"


def picture_id(number: int) -> str:
    return f"med_01JD00000000000000000{number:05d}"


def order(number: int, status: OrderStatus, customer: str = ADA, tenant: str = "acme") -> Order:
    return Order(
        tenant=tenant,
        id=order_id(number),
        customer_id=customer,
        status=status,
        lines=(Line(sku="TEA-1", name=f"{tenant}'s tea", quantity=number),),
        total=Money(amount=10**11 + number, currency="EUR"),
        placed_at=AT + timedelta(minutes=number),
        revision=1,
    )


def picture(number: int, purpose: str = "product", subject: str = "TEA-1") -> Media:
    return Media(
        tenant="acme",
        id=picture_id(number),
        status="ready",
        revision=5,
        name=f"{number}.jpg",
        purpose=purpose,
        subject=subject,
        texts=("OPEN",),
        colors=("#2f4f2f",),
        ready_at=AT,
    )


@dataclass(frozen=True)
class Graph:
    """The API, and who asks it."""

    url: str
    session: requests.Session
    token: str | None

    def post(self, query: str, **variables: Any) -> requests.Response:
        headers = {"Authorization": self.token} if self.token else {}
        body = {"query": query, "variables": variables}
        return self.session.post(self.url, json=body, headers=headers, timeout=60)

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data, of which nothing has failed."""
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def errors(self, query: str, **variables: Any) -> list[str]:
        """Return the codes of what has failed."""
        answer = self.post(query, **variables)
        assert answer.status_code == 200, answer.text
        assert "secret" not in answer.text
        return [one["errorType"] for one in answer.json()["errors"]]

    def pages(self, fields: str, after: str | None = None) -> Iterator[list[str]]:
        """Yield the ids of each page of ``orders``."""
        while True:
            query = f"query($after: String) {{ orders({fields}, after: $after)"
            query += " { edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"
            page = self.ask(query, after=after)["orders"]
            yield [edge["node"]["id"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return


@dataclass(frozen=True)
class Deployed:
    url: str
    rows: Projection
    session: requests.Session
    tokens: Callable[..., dict[str, str]]

    def of(self, token: str | None) -> Graph:
        return Graph(self.url, self.session, token)


@pytest.fixture(scope="module")
def deployed(emulator) -> Iterator[Deployed]:
    """The graph with a pool, a table and a search function of the tests' own."""
    stack = Stack(App(), "graph")
    of = cognito.CfnUserPool
    schema = of.SchemaAttributeProperty(name="tenant", attribute_data_type="String")
    pools = [of(stack, f"Pool{n}", user_pool_name=f"graph-{n}", schema=[schema]) for n in (1, 2)]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    clients = [
        cognito.CfnUserPoolClient(
            stack, f"Client{n}", user_pool_id=pools[n // 2].ref, explicit_auth_flows=flows
        )
        for n in (0, 1, 2)
    ]
    search = lambda_.CfnFunction(
        stack,
        "Search",
        function_name="graph-search",
        runtime="python3.13",
        handler="index.handler",
        role="arn:aws:iam::000000000000:role/none",
        code=lambda_.CfnFunction.CodeProperty(zip_file=SEARCH),
    )
    graph = GraphApi(
        stack,
        "Graph",
        stage=emulator.stage,
        service="graph-tests",
        folder=FOLDER,
        table=ServiceTable(stack, "Table", stage=emulator.stage, service="graph-tests"),
        functions={"query-search": SimpleNamespace(arn=search.attr_arn)},  # type: ignore[dict-item]  # of a function its ARN alone is used
        user_pool=pools[0].ref,
        client=clients[0].ref,
    )
    CfnOutput(stack, "GraphId", value=graph.id)
    for n, client in enumerate(clients):
        CfnOutput(stack, f"ClientId{n}", value=client.ref)
        CfnOutput(stack, f"PoolId{n}", value=pools[n // 2].ref)
    template = assertions.Template.from_stack(stack).to_json()
    template.pop("Parameters")  # of the CDK's own bootstrap
    template.pop("Rules")
    outputs = emulator.deploy("graph", template)
    idp = emulator.client("cognito-idp")

    def tokens(tenant: str | None, client: int = 0) -> dict[str, str]:
        pool, password = outputs[f"PoolId{client}"], "Correct-Horse-1"
        who = {"UserPoolId": pool, "Username": f"{tenant}-{client}"}
        attributes = [{"Name": "custom:tenant", "Value": tenant}] if tenant else []
        idp.admin_create_user(**who, UserAttributes=attributes, MessageAction="SUPPRESS")
        idp.admin_set_user_password(**who, Password=password, Permanent=True)
        answer = idp.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=outputs[f"ClientId{client}"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": who["Username"], "PASSWORD": password},
        )
        found: dict[str, str] = answer["AuthenticationResult"]
        return found

    rows = Projection(Table(emulator.client("dynamodb"), emulator.stage.named("graph-tests")))
    for number, status in enumerate(STATUSES, 1):
        rows.save_order(order(number, status))
        rows.save_order(order(number, "confirmed", tenant="globex"))
    rows.save_order(order(6, "placed", customer=BOB))
    rows.save_order(order(7, "placed", customer=GONE))
    for number in (1, 2, 3):
        rows.save_media(picture(number))
    rows.save_media(Media(tenant="acme", id=picture_id(2), status="deleted", revision=6))
    rows.save_media(picture(4, "avatar", ADA))
    rows.save_media(picture(5, "product", ADA))
    for tenant in ("acme", "globex"):
        for user in (ADA, GONE):
            rows.change_user(
                tenant, user, lambda known: known.described(name="Ada", email="a@x.y", revision=1)
            )
    rows.change_user("acme", GONE, lambda known: known.erased(2))
    with requests.Session() as session:
        session.trust_env = False  # no proxy leads to this machine
        url = f"{emulator.stage.emulator_url}/v1/apis/{outputs['GraphId']}/graphql"
        yield Deployed(url, rows, session, tokens)


@pytest.fixture(scope="module")
def acme(deployed: Deployed) -> Graph:
    return deployed.of(deployed.tokens("acme")["IdToken"])


@pytest.fixture(scope="module")
def globex(deployed: Deployed) -> Graph:
    return deployed.of(deployed.tokens("globex")["IdToken"])


@pytest.fixture(scope="module")
def evaluate(emulator) -> Callable[..., Any]:
    """Run one handler of a resolver's code, as AppSync does to try it."""
    client = emulator.client("appsync")

    def run(field: Field, context: Any, function: str = "request") -> Any:
        answer = client.evaluate_code(
            runtime=RUNTIME, code=CODE[field], context=json.dumps(context), function=function
        )
        error = answer.get("error")
        if error:
            return error["message"]
        return json.loads(answer["evaluationResult"])

    return run


def caller(tenant: Any = "acme", **claims: Any) -> dict[str, Any]:
    return {"claims": {"custom:tenant": tenant, "token_use": "id"} | claims}


def context(identity: Any, **arguments: Any) -> dict[str, Any]:
    source = {"id": ADA, "customerId": ADA, "sku": "TEA-1", "kind": "order"}
    return {"arguments": arguments, "args": arguments, "identity": identity, "source": source}


def test_one_request_shows_an_order_with_its_customer_and_pictures(acme: Graph) -> None:
    query = """query($id: ID!) { order(id: $id) {
      id status customerId revision placedAt total { amount currency }
      customer { id name email status pictures { id subject } }
      lines { sku name quantity pictures { id name purpose subject texts colors readyAt } }
    } }"""
    pictures = [
        {
            "id": picture_id(number),
            "name": f"{number}.jpg",
            "purpose": "product",
            "subject": "TEA-1",
            "texts": ["OPEN"],
            "colors": ["#2f4f2f"],
            "readyAt": "2026-11-20T08:30:00Z",
        }
        for number in (3, 1)  # the newest first; the second is deleted
    ]
    assert acme.ask(query, id=order_id(2))["order"] == {
        "id": order_id(2),
        "status": "confirmed",
        "customerId": ADA,
        "revision": 1,
        "placedAt": "2026-11-20T08:32:00Z",
        "total": {"amount": 10**11 + 2, "currency": "EUR"},
        "customer": {
            "id": ADA,
            "name": "Ada",
            "email": "a@x.y",
            "status": "active",
            "pictures": [{"id": picture_id(4), "subject": ADA}],
        },
        "lines": [{"sku": "TEA-1", "name": "acme's tea", "quantity": 2, "pictures": pictures}],
    }


def test_a_user_has_orders_the_newest_first(acme: Graph) -> None:
    query = """query($id: ID!) { user(id: $id) { orders(first: 2) {
      edges { node { id customer { name } } } pageInfo { hasNextPage } } } }"""
    page = acme.ask(query, id=ADA)["user"]["orders"]
    assert page["pageInfo"] == {"hasNextPage": True}
    assert [edge["node"] for edge in page["edges"]] == [
        {"id": order_id(number), "customer": {"name": "Ada"}} for number in (5, 4)
    ]


@pytest.mark.parametrize("first", [1, 2, 3, 4, 7, 8, 100])
@pytest.mark.parametrize(
    ("fields", "numbers"),
    [
        pytest.param("", [7, 6, 5, 4, 3, 2, 1], id="all"),
        pytest.param("status: placed, ", [7, 6, 4, 1], id="of a status"),
        pytest.param(f'customer: "{ADA}", ', [5, 4, 3, 2, 1], id="of a customer"),
        pytest.param(f'customer: "{ADA}", status: placed, ', [4, 1], id="of both"),
        pytest.param(f'customer: "{NOBODY}", ', [], id="of nobody"),
        pytest.param('customer: "ada", ', [], id="of what is no id"),
        pytest.param("status: rejected, ", [], id="of a status that none has"),
    ],
)
def test_orders_are_listed_page_by_page_each_once(
    acme: Graph, fields: str, numbers: list[int], first: int
) -> None:
    pages = [*acme.pages(f"{fields}first: {first}")]
    assert [one for page in pages for one in page] == [order_id(number) for number in numbers]
    assert all(len(page) <= first for page in pages)
    assert len(pages) == max(1, -(-len(numbers) // first))


def test_an_order_that_changes_its_status_changes_its_list(deployed: Deployed) -> None:
    initech = deployed.of(deployed.tokens("initech")["IdToken"])
    placed = order(1, "placed", tenant="initech")
    deployed.rows.save_order(placed)
    assert [*initech.pages("status: placed, first: 5")] == [[order_id(1)]]
    fulfilled = placed.model_copy(update={"status": "fulfilled", "revision": 2})
    deployed.rows.save_order(fulfilled)
    assert [*initech.pages("status: placed, first: 5")] == [[]]
    assert [*initech.pages("status: fulfilled, first: 5")] == [[order_id(1)]]


def test_a_customer_s_orders_of_a_status_are_looked_through_to_the_end(deployed: Deployed) -> None:
    """More orders than are looked at for one page, and one of them is wanted."""
    many = deployed.of(deployed.tokens("many")["IdToken"])
    for number in range(1, 104):
        status: OrderStatus = "cancelled" if number == 1 else "placed"
        deployed.rows.save_order(order(number, status, tenant="many"))
    assert [*many.pages(f'customer: "{ADA}", status: cancelled, first: 1')] == [[], [order_id(1)]]


@pytest.mark.parametrize("token", ["more", None])
def test_a_page_that_dynamodb_ends_early_goes_on_where_it_ended(
    evaluate: Callable[..., Any], token: str | None
) -> None:
    items = [{"data": order(number, "placed").model_dump(mode="json")} for number in (5, 4)]
    given = context(caller(), first=3) | {"result": {"items": items, "nextToken": token}}
    page = evaluate(Field("Query", "orders"), given, "response")
    assert [edge["node"]["id"] for edge in page["edges"]] == [order_id(5), order_id(4)]
    assert page["pageInfo"] == {
        "hasNextPage": token is not None,
        "endCursor": page["edges"][-1]["cursor"],
    }


def test_a_cursor_of_the_last_page_goes_on_with_nothing(acme: Graph) -> None:
    query = "{ orders(first: 100) { edges { cursor } pageInfo { endCursor } } }"
    page = acme.ask(query)["orders"]
    last = page["edges"][-1]["cursor"]
    assert last == page["pageInfo"]["endCursor"]
    assert [*acme.pages("first: 3", after=last)] == [[]]


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        pytest.param(f'user(id: "{GONE}")', "id", id="an erased user"),
        pytest.param(f'user(id: "{NOBODY}")', "id", id="an unknown user"),
        pytest.param('user(id: "ada")', "id", id="no user's id"),
        pytest.param(f'user(id: "{ADA}#x")', "id", id="more than an id"),
        pytest.param('user(id: "")', "id", id="an empty id"),
        pytest.param(f'order(id: "{order_id(99)}")', "id", id="an unknown order"),
        pytest.param('order(id: "%")', "id", id="no order's id"),
        pytest.param(f'order(id: "{ADA}")', "id", id="a user's id"),
    ],
)
def test_what_is_not_there_is_null(acme: Graph, field: str, shown: str) -> None:
    assert acme.ask(f"{{ it: {field} {{ {shown} }} }}") == {"it": None}


def test_an_order_of_an_erased_customer_has_none(acme: Graph) -> None:
    query = "query($id: ID!) { order(id: $id) { customerName customer { name } } }"
    assert acme.ask(query, id=order_id(7)) == {"order": {"customerName": None, "customer": None}}


def test_no_tenant_sees_another_s_rows_by_whatever_way(globex: Graph, acme: Graph) -> None:
    query = f"""{{
      order(id: "{order_id(6)}") {{ id }}
      both: order(id: "{order_id(1)}") {{ status lines {{ name pictures {{ id }} }} }}
      user(id: "{ADA}") {{ pictures {{ id }} orders {{ edges {{ node {{ status }} }} }} }}
      orders {{ edges {{ node {{ lines {{ name }} }} }} }}
      of: orders(customer: "{BOB}") {{ edges {{ node {{ id }} }} }}
    }}"""
    seen = globex.ask(query)
    assert seen["order"] is None
    assert seen["both"] == {
        "status": "confirmed",
        "lines": [{"name": "globex's tea", "pictures": []}],
    }
    assert seen["user"]["pictures"] == []
    assert {edge["node"]["status"] for edge in seen["user"]["orders"]["edges"]} == {"confirmed"}
    assert len(seen["orders"]["edges"]) == 5
    assert "acme" not in json.dumps(seen)
    assert seen["of"]["edges"] == []
    # A cursor says where to go on, never in whose list.
    cursor = acme.ask("{ orders(first: 4) { pageInfo { endCursor } } }")["orders"]["pageInfo"]
    assert [*globex.pages("first: 9", after=cursor["endCursor"])] == [
        [order_id(number) for number in (3, 2, 1)]
    ]


def test_nobody_is_let_in_without_a_token_of_the_pool_for_the_client(deployed: Deployed) -> None:
    genuine = deployed.tokens("hooli")["IdToken"]
    head, payload, signature = genuine.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(claims | {"custom:tenant": "acme"}).encode())
    refused = [
        None,
        "x",
        "Bearer",
        "a.b.c",
        f"{head}.{forged.decode().rstrip('=')}.{signature}",
        f"{head}.{payload}.",
        deployed.tokens("acme", client=1)["IdToken"],
        deployed.tokens("acme", client=2)["IdToken"],
    ]
    query = "{ orders { edges { node { id } } } }"
    for token in refused:
        answer = deployed.of(token).post(query)
        assert (answer.status_code, answer.json().get("data")) == (401, None), token
    assert deployed.of(genuine).ask(query) == {"orders": {"edges": []}}
    assert deployed.of(f"Bearer {genuine}").ask(query) == {"orders": {"edges": []}}


@pytest.mark.parametrize("kind", ["AccessToken", "IdToken"])
def test_a_token_without_a_tenant_reads_nothing(deployed: Deployed, kind: str) -> None:
    tenant = "umbrella" if kind == "AccessToken" else None
    graph = deployed.of(deployed.tokens(tenant)[kind])
    query = f"""{{
      order(id: "{order_id(1)}") {{ id }} user(id: "{ADA}") {{ id }}
      orders {{ edges {{ node {{ id }} }} }} search {{ edges {{ node {{ id }} }} }}
    }}"""
    answer = graph.post(query).json()
    assert set(answer["data"].values()) == {None}
    assert [one["errorType"] for one in answer["errors"]] == ["Unauthorized"] * 4


@pytest.mark.parametrize(
    "identity",
    [
        pytest.param(None, id="nobody"),
        pytest.param({}, id="no claims"),
        pytest.param({"claims": None}, id="claims of nothing"),
        pytest.param({"claims": {"sub": "x"}}, id="no tenant"),
        pytest.param(caller(None), id="a tenant of nothing"),
        pytest.param(caller(""), id="an empty tenant"),
        pytest.param(caller("acme#USER"), id="a tenant with a key's sign"),
        pytest.param(caller("Acme"), id="a tenant in capitals"),
        pytest.param(caller(["acme"]), id="tenants"),
        pytest.param(caller({"a": "acme"}), id="an object"),
        pytest.param(caller("a" * 64), id="a tenant that is too long"),
        pytest.param(caller(token_use="access"), id="another kind of token"),
    ],
)
@pytest.mark.parametrize("field", CODE, ids=".".join)
def test_every_resolver_asks_nothing_for_who_has_no_tenant(
    evaluate: Callable[..., Any], field: Field, identity: Any
) -> None:
    given = context(identity, id=order_id(1), customer=ADA, tenant="acme")
    assert evaluate(field, given) == "Unauthorized"


@pytest.mark.parametrize("field", CODE, ids=".".join)
def test_every_resolver_names_the_caller_s_tenant_in_what_it_asks(
    evaluate: Callable[..., Any], field: Field
) -> None:
    ids = {"user": ADA, "order": order_id(1), "picture": picture_id(1)}
    given = context(caller("globex"), id=ids.get(field.name, ADA), tenant="acme")
    given["source"] |= {"tenant": "acme", "id": given["args"]["id"]}
    if field.type == "SearchHit":
        given["source"]["kind"] = {"picture": "media"}.get(field.name, field.name)
    asked = evaluate(field, given)
    said = json.dumps(asked)
    assert "acme" not in said
    if field == ("Query", "search"):
        assert asked["payload"]["tenant"] == "globex"
    else:
        values = asked.get("key") or asked["query"]["expressionValues"]
        assert (values.get("pk") or values[":pk"])["S"].startswith("TENANT#globex#")


@pytest.mark.parametrize("field", CODE, ids=".".join)
def test_no_resolver_tells_what_its_data_source_says_of_a_failure(
    evaluate: Callable[..., Any], field: Field
) -> None:
    given = context(caller()) | {"error": {"message": "secret detail", "type": "Oops"}}
    told = evaluate(field, given, "response")
    assert told in ("this cannot be read at the moment", "an unexpected error")


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
@pytest.mark.parametrize(
    "field",
    [
        "orders(first: $first) { edges { cursor } }",
        "search(first: $first) { edges { cursor } }",
        f'user(id: "{ADA}") {{ pictures(first: $first) {{ id }} }}',
        f'user(id: "{ADA}") {{ orders(first: $first) {{ edges {{ cursor }} }} }}',
    ],
)
def test_a_page_is_of_1_to_100(acme: Graph, field: str, first: int) -> None:
    assert acme.errors(f"query($first: Int) {{ {field} }}", first=first) == ["invalid-first"]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param("", id="empty"),
        pytest.param("x", id="garbage"),
        pytest.param("A" * 40, id="bytes that are no id"),
        pytest.param("A" * 10_000, id="very long"),
        pytest.param(base64.b64encode(ADA.encode()).decode(), id="of another thing"),
        pytest.param(base64.b64encode(b"ord_~").decode(), id="of a key's end"),
        pytest.param("\x00", id="a control character"),
    ],
)
def test_a_cursor_that_was_not_issued_is_refused(acme: Graph, after: str) -> None:
    query = "query($after: String) { orders(after: $after) { edges { cursor } } }"
    assert acme.errors(query, after=after) == ["invalid-cursor"]


def test_a_query_may_be_so_deep_and_no_deeper(acme: Graph) -> None:
    around = "{ orders { edges { node { customer { orders { edges { node { %s } } } } } } } }"
    fitting = around % "lines { pictures { id } }"
    deeper = around % "customer { orders { edges { cursor } } }"
    assert fitting.count("{") == DEEPEST
    assert acme.ask(fitting)["orders"]["edges"]
    for query in (deeper, f"query {{ ...all }} fragment all on Query {deeper}"):
        answer = acme.post(query).json()
        assert answer["data"] is None
        assert [one["errorType"] for one in answer["errors"]] == ["QueryDepthLimitReached"]


def test_a_query_may_call_so_many_resolvers_and_no_more(acme: Graph) -> None:
    def fields(number: int) -> str:
        return "{" + " ".join(f'a{n}: user(id: "x") {{ id }}' for n in range(number)) + "}"

    assert len(acme.ask(fields(MOST_RESOLVERS))) == MOST_RESOLVERS
    assert acme.errors(fields(MOST_RESOLVERS + 1)) == ["ResolverCountLimitReached"]


def test_a_query_that_does_not_fit_the_schema_is_refused(acme: Graph) -> None:
    answer = acme.post("{ orders { secrets } }").json()
    assert answer["data"] is None
    assert len(answer["errors"]) == 1


def test_search_asks_its_function_in_the_callers_name_alone(globex: Graph) -> None:
    query = f"""query($q: String, $facets: [Facet!], $status: Status) {{ search(
      q: $q, kind: order, status: $status, customer: "{ADA}", placedFrom: "2026-11-01",
      placedTo: "2026-11-20T08:30:00Z", currency: "EUR", amountMin: 0, amountMax: 1e12,
      sort: amountDescending, facets: $facets, first: 3, after: "c"
    ) {{
      edges {{ cursor node {{ kind id title status highlights {{ field fragments }} }} }}
      pageInfo {{ hasNextPage endCursor }}
      facets {{ name counts {{ value count }} }}
    }} }}"""
    found = globex.ask(query, q="acme", facets=["date", "kind"], status="placed")["search"]
    assert found["pageInfo"] == {"hasNextPage": True, "endCursor": "signed"}
    counts = [{"value": "2026-11", "count": 2}]
    assert found["facets"] == [{"name": name, "counts": counts} for name in ("date", "kind")]
    (edge,) = found["edges"]
    assert edge["cursor"] == "signed"
    assert edge["node"]["highlights"] == [{"field": "title", "fragments": ["<em>x</em>"]}]
    assert json.loads(edge["node"]["title"]) == {
        "tenant": "globex",
        "q": "acme",
        "kind": "order",
        "status": "placed",
        "customer": ADA,
        "placedFrom": "2026-11-01",
        "placedTo": "2026-11-20T08:30:00Z",
        "currency": "EUR",
        "amountMin": 0,
        "amountMax": 10**12,
        "sort": "amountDescending",
        "facets": ["date", "kind"],
        "first": 3,
        "after": "c",
    }


def test_what_is_not_said_of_a_search_is_nothing_that_its_function_hears(globex: Graph) -> None:
    query = """query($kind: Kind, $facets: [Facet!], $first: Int, $after: String) {
      search(q: null, kind: $kind, facets: $facets, first: $first, after: $after) {
        edges { node { title } } facets { name } } }"""
    for said in ({}, {"kind": None, "facets": None, "first": None, "after": None}):
        found = globex.ask(query, **said)["search"]
        assert json.loads(found["edges"][0]["node"]["title"]) == {"tenant": "globex", "first": 20}
        assert found["facets"] == []


def test_no_argument_says_whose_search_it_is(evaluate: Callable[..., Any]) -> None:
    given = context(caller("globex"), tenant="acme", q="a", first=7)
    asked = evaluate(Field("Query", "search"), given)
    assert asked["payload"] == {"tenant": "globex", "q": "a", "first": 7}


@pytest.mark.parametrize(
    "argument",
    [
        "kind: product",
        "status: reserved",
        "sort: title",
        'sort: "amount"',
        "facets: [tenant]",
        'amountMin: "5"',
        "amountMax: true",
        "q: 7",
        'tenant: "acme"',
    ],
)
def test_an_argument_that_the_schema_has_not_is_refused(acme: Graph, argument: str) -> None:
    answer = acme.post(f"{{ search({argument}) {{ edges {{ cursor }} }} }}").json()
    assert answer["data"] is None
    assert len(answer["errors"]) == 1


@pytest.mark.parametrize(
    ("kind", "found", "shown"),
    [
        ("order", order_id(1), {"order": {"id": order_id(1)}, "user": None, "picture": None}),
        ("user", ADA, {"order": None, "user": {"id": ADA}, "picture": None}),
        ("media", picture_id(1), {"order": None, "user": None, "picture": {"id": picture_id(1)}}),
        ("media", picture_id(2), {"order": None, "user": None, "picture": None}),
        ("user", GONE, {"order": None, "user": None, "picture": None}),
    ],
    ids=["an order", "a user", "a picture", "a deleted picture", "an erased user"],
)
def test_what_is_found_is_read_from_the_table(
    acme: Graph, kind: str, found: str, shown: dict[str, Any]
) -> None:
    query = f"""{{ search(q: "{found}", kind: {kind}) {{ edges {{ node {{
      order {{ id }} user {{ id }} picture {{ id }} }} }} }} }}"""
    assert acme.ask(query)["search"]["edges"] == [{"node": shown}]


def test_what_was_found_in_another_tenant_s_name_is_not_read(globex: Graph) -> None:
    query = "query($q: String) { search(q: $q, kind: media) { edges { node { picture { id } } } } }"
    found = globex.ask(query, q=picture_id(1))["search"]["edges"]
    assert found == [{"node": {"picture": None}}]


@pytest.mark.parametrize(
    ("wanted", "code"), [("refuse", "search-unavailable"), ("fail", "internal-error")]
)
def test_a_search_that_fails_says_why_by_a_code(acme: Graph, wanted: str, code: str) -> None:
    query = f'{{ search(q: "{wanted}") {{ edges {{ cursor }} }} orders {{ edges {{ cursor }} }} }}'
    answer = acme.post(query)
    assert "secret" not in answer.text
    body = answer.json()
    assert [one["errorType"] for one in body["errors"]] == [code]
    assert body["data"]["search"] is None
    assert body["data"]["orders"]["edges"]  # the rest is answered


def test_a_new_deployment_changes_a_resolver_and_the_schema_in_place(emulator: Any) -> None:
    def resolver(value: str) -> str:
        answer = f"export function request() {{ return {{ payload: '{value}' }}; }}\n"
        return answer + "export function response(ctx) { return ctx.result; }\n"

    def template(field: str, value: str) -> dict[str, Any]:
        api = {"Fn::GetAtt": ["Api", "ApiId"]}
        resources = {
            "Api": {
                "Type": "AWS::AppSync::GraphQLApi",
                "Properties": {"Name": "changing", "AuthenticationType": "API_KEY"},
            },
            "Key": {"Type": "AWS::AppSync::ApiKey", "Properties": {"ApiId": api}},
            "Nothing": {
                "Type": "AWS::AppSync::DataSource",
                "Properties": {"ApiId": api, "Name": "nothing", "Type": "NONE"},
            },
            "Schema": {
                "Type": "AWS::AppSync::GraphQLSchema",
                "Properties": {"ApiId": api, "Definition": f"type Query {{ {field}: String }}"},
            },
            "Resolver": {
                "Type": "AWS::AppSync::Resolver",
                "DependsOn": "Schema",
                "Properties": {
                    "ApiId": api,
                    "TypeName": "Query",
                    "FieldName": field,
                    "DataSourceName": {"Fn::GetAtt": ["Nothing", "Name"]},
                    "Runtime": {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"},
                    "Code": resolver(value),
                },
            },
        }
        outputs = {"Api": {"Value": api}, "Key": {"Value": {"Fn::GetAtt": ["Key", "ApiKey"]}}}
        return {"Resources": resources, "Outputs": outputs}

    outputs = emulator.deploy("changing", template("one", "before"))
    cloudformation = emulator.client("cloudformation")

    def asked(field: str) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            url = f"{emulator.stage.emulator_url}/v1/apis/{outputs['Api']}/graphql"
            headers = {"x-api-key": outputs["Key"]}
            body = {"query": f"{{ {field} }}"}
            return session.post(url, json=body, headers=headers, timeout=60).json().get("data")

    assert asked("one") == {"one": "before"}
    for field, value in (("one", "after"), ("two", "other")):
        changed = json.dumps(template(field, value))
        cloudformation.update_stack(StackName="changing", TemplateBody=changed)
        waiter = cloudformation.get_waiter("stack_update_complete")
        waiter.wait(StackName="changing", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        assert asked(field) == {field: value}
    assert asked("one") is None
