"""What the payments sandbox refuses, as Stripe's own SDK hears it."""

import uuid
from http.client import HTTPConnection

import pytest
import stripe

VISA = "pm_card_visa"


@pytest.fixture
def api(sandbox):
    return sandbox.client()


@pytest.fixture
def order():
    return f"ord_{uuid.uuid4().hex}"


def wanted(order: str, **more):
    return {
        "amount": 1999,
        "currency": "eur",
        "payment_method": VISA,
        "payment_method_types": ["card"],
        "metadata": {"order_id": order, "tenant_id": "acme"},
    } | more


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"amount": None}, ("amount", "parameter_missing")),
        ({"amount": ""}, ("amount", "parameter_invalid_empty")),
        ({"amount": "x"}, ("amount", "parameter_invalid_integer")),
        ({"amount": "19.99"}, ("amount", "parameter_invalid_integer")),
        ({"amount": "١٢٣"}, ("amount", "parameter_invalid_integer")),
        ({"amount": "9" * 5000}, ("amount", "parameter_invalid_integer")),
        ({"amount": 0}, ("amount", "parameter_invalid_integer")),
        ({"amount": -100}, ("amount", "parameter_invalid_integer")),
        ({"amount": 49}, ("amount", "amount_too_small")),
        ({"amount": 100_000_000}, ("amount", "amount_too_large")),
        ({"amount": {"a": 1}}, ("amount", None)),
        ({"currency": None}, ("currency", "parameter_missing")),
        ({"currency": "euro"}, ("currency", None)),
        ({"currency": "€€€"}, ("currency", None)),
        ({"payment_method": "pm_card_unknown"}, ("payment_method", "resource_missing")),
        ({"payment_method": None, "confirm": True}, ("payment_method", "parameter_missing")),
        ({"payment_method_types": ["sepa_debit"]}, ("payment_method_types", None)),
        ({"automatic_payment_methods": {"enabled": True}}, ("automatic_payment_methods", None)),
        ({"capture_method": "manual"}, ("capture_method", None)),
        ({"confirm": "yes"}, ("confirm", None)),
        ({"off_session": True}, ("off_session", None)),
        ({"expand": ["customer"]}, ("expand", None)),
        ({"metadata": "x"}, ("metadata", None)),
        ({"metadata": {"a": {"b": "c"}}}, ("metadata", None)),
        ({"metadata": {"k" * 41: "v"}}, ("metadata", None)),
        ({"metadata": {"k": "v" * 501}}, ("metadata[k]", None)),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, ("metadata", None)),
        ({"card_number": "4242"}, ("card_number", "parameter_unknown")),
    ],
    ids=str,
)  # fmt: skip
def test_a_payment_that_is_none_is_refused(sandbox, api, order, change, about):
    body = {"metadata": {"order_id": order}} | wanted(order) | change
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.payment_intents.create(body)
    assert (caught.value.http_status, (caught.value.param, caught.value.code)) == (400, about)
    assert caught.value.user_message
    assert sandbox.charges(order) == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0}, {"limit": 101}, {"limit": "x"}, {"starting_after": "pi_none"},
        {"created": {"since": 1}}, {"created": {"gte": "monday"}}, {"created": 5}, {"page": 2},
    ],
    ids=str,
)  # fmt: skip
def test_a_list_that_cannot_be_is_refused(api, query):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.payment_intents.list(query)
    assert caught.value.http_status == 400


@pytest.mark.parametrize(
    "ask",
    [
        lambda api: api.payment_intents.retrieve("pi_none"),
        lambda api: api.payment_intents.confirm("pi_none"),
        lambda api: api.payment_intents.cancel("pi_none"),
        lambda api: api.refunds.create({"payment_intent": "pi_none"}),
        lambda api: api.refunds.retrieve("re_none"),
    ],
    ids=["retrieve", "confirm", "cancel", "refund", "retrieve a refund"],
)
def test_what_nobody_knows_is_not_found(api, ask):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        ask(api)
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_what_the_sandbox_does_not_have_is_not_found(api):
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as caught:
        api.customers.list()
    assert caught.value.http_status == 404


@pytest.mark.parametrize(
    "key",
    [None, "", "Bearer ", "Bearer sk_live_51abc", "Basic c2tfdGVzdF94Og==", "sk_test_abc", "é"],
)
def test_nobody_is_served_without_a_test_key(sandbox, key):
    headers = {} if key is None else {"Authorization": key.encode()}
    url = f"http://127.0.0.1:{sandbox.daemon.port}/v1/payment_intents"
    answer = sandbox.session.get(url, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert "51abc" not in answer.text


@pytest.mark.parametrize("key", ["k" * 256, "", "a\tb", "ü"])
def test_a_key_that_is_none_is_refused(sandbox, key):
    url = f"http://127.0.0.1:{sandbox.daemon.port}/v1/payment_intents"
    headers = {"Authorization": "Bearer sk_test_a", "Idempotency-Key": key.encode("latin-1")}
    answer = sandbox.session.post(url, data={"amount": 1999, "currency": "eur"}, headers=headers)
    assert answer.status_code == 400


def test_a_version_of_the_api_is_told_and_one_that_is_none_refused(sandbox):
    connection = HTTPConnection("127.0.0.1", sandbox.daemon.port)
    found = []
    for version in ("2025-03-31.basil", "2020-08-27", "latest", None):
        headers = {"Authorization": "Bearer sk_test_a"}
        headers |= {} if version is None else {"Stripe-Version": version}
        connection.request("GET", "/v1/payment_intents", headers=headers)
        answer = connection.getresponse()
        answer.read()
        found.append((answer.status, answer.headers["Stripe-Version"]))
    connection.close()
    assert found == [
        (200, "2025-03-31.basil"),
        (200, "2020-08-27"),
        (400, None),
        (200, "2026-10-28.endive"),
    ]
