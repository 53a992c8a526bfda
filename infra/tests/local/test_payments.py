"""The payments sandbox, asked with Stripe's own SDK: what it answers when nothing goes wrong."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

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


def paid(api, order: str):
    return api.payment_intents.create(wanted(order, confirm=True))


def statuses(sandbox, order: str) -> list[str]:
    return [one["status"] for one in sandbox.charges(order)]


# ---- paying


def test_nothing_is_charged_until_a_payment_is_confirmed(sandbox, api, order):
    intent = api.payment_intents.create(wanted(order))
    assert intent.status == "requires_confirmation"
    assert intent.amount_received == 0
    assert intent.latest_charge is None
    assert statuses(sandbox, order) == ["requires_confirmation"]
    confirmed = api.payment_intents.confirm(intent.id)
    assert (confirmed.id, confirmed.status) == (intent.id, "succeeded")
    assert confirmed.amount_received == 1999
    assert sandbox.charges(order) == [
        {
            "id": confirmed.latest_charge,
            "payment_intent": intent.id,
            "order_id": order,
            "tenant_id": "acme",
            "amount": 1999,
            "currency": "eur",
            "status": "succeeded",
            "refunded": 0,
        }
    ]


def test_a_payment_can_be_charged_as_it_is_made(api, order):
    options = {"confirm": True, "off_session": True, "error_on_requires_action": True}
    assert api.payment_intents.create(wanted(order, **options)).status == "succeeded"


def test_a_payment_is_found_as_it_is_now_with_its_charge_if_that_is_wanted(api, order):
    intent = paid(api, order)
    assert api.payment_intents.retrieve(intent.id).to_dict() == intent.to_dict()
    found = api.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    charge = found.latest_charge
    assert (charge.id, charge.paid, charge.amount_refunded) == (intent.latest_charge, True, 0)
    assert found.metadata.to_dict() == {"order_id": order, "tenant_id": "acme"}


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ("pm_card_chargeDeclined", ("card_declined", "generic_decline")),
        ("pm_card_chargeDeclinedInsufficientFunds", ("card_declined", "insufficient_funds")),
        ("pm_card_chargeDeclinedExpiredCard", ("expired_card", None)),
        ("pm_card_chargeDeclinedProcessingError", ("processing_error", None)),
    ],
)
def test_a_card_that_does_not_pay_is_declined(sandbox, api, order, card, why):
    code, decline_code = why
    intent = api.payment_intents.create(wanted(order, payment_method=card))
    with pytest.raises(stripe.CardError) as caught:
        api.payment_intents.confirm(intent.id)
    error = caught.value
    assert (error.http_status, error.code) == (402, code)
    told = error.json_body["error"]
    assert (told["type"], told.get("decline_code")) == ("card_error", decline_code)
    assert told["payment_intent"]["id"] == intent.id
    assert told["payment_intent"]["last_payment_error"]["code"] == code
    assert statuses(sandbox, order) == ["failed"]
    assert api.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_a_declined_payment_can_be_paid_with_another_card(sandbox, api, order):
    intent = api.payment_intents.create(wanted(order, payment_method="pm_card_chargeDeclined"))
    with pytest.raises(stripe.CardError):
        api.payment_intents.confirm(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        api.payment_intents.confirm(intent.id)
    again = api.payment_intents.confirm(intent.id, {"payment_method": VISA})
    assert (again.status, again.last_payment_error) == ("succeeded", None)
    assert statuses(sandbox, order) == ["failed", "succeeded"]


def test_a_payment_is_charged_once_however_many_confirm_it(sandbox, api, order):
    intent = api.payment_intents.create(wanted(order))

    def confirm(number: int) -> str:
        try:
            return api.payment_intents.confirm(
                intent.id, options={"idempotency_key": f"{order} {number}"}
            ).status
        except stripe.InvalidRequestError as error:
            return str(error.code)

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(confirm, range(8)))
    assert answers == {"succeeded": 1, "payment_intent_unexpected_state": 7}
    assert statuses(sandbox, order) == ["succeeded"]


# ---- giving up, giving back


def test_a_payment_that_was_given_up_is_never_charged(sandbox, api, order):
    intent = api.payment_intents.create(wanted(order))
    given_up = api.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (given_up.status, given_up.cancellation_reason) == ("canceled", "abandoned")
    assert given_up.canceled_at >= given_up.created
    for again in (api.payment_intents.cancel, api.payment_intents.confirm):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            again(intent.id)
        assert caught.value.code == "payment_intent_unexpected_state"
        assert caught.value.json_body["error"]["payment_intent"]["status"] == "canceled"
    assert statuses(sandbox, order) == ["canceled"]


def test_a_paid_payment_can_be_neither_given_up_nor_paid_again(sandbox, api, order):
    intent = paid(api, order)
    for again in (api.payment_intents.cancel, api.payment_intents.confirm):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            again(intent.id)
        assert caught.value.code == "payment_intent_unexpected_state"
    assert statuses(sandbox, order) == ["succeeded"]


def test_a_payment_is_given_back_once(sandbox, api, order):
    intent = paid(api, order)
    refund = api.refunds.create({"payment_intent": intent.id, "metadata": {"why": "cancelled"}})
    assert (refund.amount, refund.status, refund.charge) == (
        1999,
        "succeeded",
        intent.latest_charge,
    )
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"
    assert sandbox.charges(order)[0]["refunded"] == 1999
    assert api.refunds.retrieve(refund.id).to_dict() == refund.to_dict()


def test_no_more_is_given_back_than_was_paid(sandbox, api, order):
    intent = paid(api, order)
    parts = [api.refunds.create({"payment_intent": intent.id, "amount": 900}) for _ in range(2)]
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        api.refunds.create({"payment_intent": intent.id, "amount": 200})
    rest = api.refunds.create({"payment_intent": intent.id})
    assert rest.amount == 199
    assert sandbox.charges(order)[0]["refunded"] == 1999
    listed = api.refunds.list({"payment_intent": intent.id, "limit": 2}).auto_paging_iter()
    assert [one.id for one in listed] == [rest.id, parts[1].id, parts[0].id]


@pytest.mark.parametrize("card", [VISA, "pm_card_chargeDeclined"])
def test_what_was_not_paid_cannot_be_given_back(api, order, card):
    intent = api.payment_intents.create(wanted(order, payment_method=card))
    if card != VISA:
        with pytest.raises(stripe.CardError):
            api.payment_intents.confirm(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        api.refunds.create({"payment_intent": intent.id})


# ---- lists


def test_payments_are_listed_newest_first_page_by_page(api, order):
    made = [api.payment_intents.create(wanted(order)).id for _ in range(7)]
    first = api.payment_intents.list({"limit": 3})
    assert [one.id for one in first.data] == made[:3:-1]
    assert first.has_more
    listed = api.payment_intents.list({"limit": 3}).auto_paging_iter()
    assert [next(listed).id for _ in made] == made[::-1]


def test_the_last_page_says_that_it_is_the_last(api, order):
    paid(api, order)
    everything = list(api.payment_intents.list({"limit": 100}).auto_paging_iter())
    last = api.payment_intents.list({"starting_after": everything[-2].id})
    assert ([one.id for one in last.data], last.has_more) == ([everything[-1].id], False)
    full = api.payment_intents.list({"starting_after": everything[-2].id, "limit": 1})
    assert (len(full.data), full.has_more) == (1, False)
    assert all(newer.created >= older.created for newer, older in pairwise(everything))


def test_payments_of_a_time_are_found(api, order):
    intent = paid(api, order)
    made = intent.created

    def found(**created: int) -> bool:
        listed = api.payment_intents.list({"created": created, "limit": 100}).auto_paging_iter()
        return intent.id in [one.id for one in listed]

    assert found(gte=made, lt=made + 1)
    assert found(gt=made - 1, lte=made)
    assert not found(lt=made)
    assert not found(gt=made)
    assert not found(gte=made + 1)


def test_listed_payments_have_their_charges_if_they_are_wanted(api, order):
    intent = paid(api, order)
    listed = api.payment_intents.list({"limit": 1, "expand": ["data.latest_charge"]})
    assert listed.data[0].latest_charge.id == intent.latest_charge


# ---- asking twice


def test_the_same_request_twice_is_carried_out_once(sandbox, api, order):
    options = {"idempotency_key": f"pay {order}"}
    first, second = (
        api.payment_intents.create(wanted(order, confirm=True), options) for _ in range(2)
    )
    assert first.to_dict() == second.to_dict()
    assert statuses(sandbox, order) == ["succeeded"]
    assert "Idempotent-Replayed" not in first.last_response.headers
    replayed = second.last_response.headers
    assert replayed["Idempotent-Replayed"] == "true"
    assert replayed["Original-Request"] == first.last_response.headers["Request-Id"]
    assert replayed["Request-Id"] != replayed["Original-Request"]


def test_a_replayed_answer_is_the_first_one_though_much_has_happened(api, order):
    options = {"idempotency_key": f"begin {order}"}
    intent = api.payment_intents.create(wanted(order), options)
    api.payment_intents.confirm(intent.id)
    assert api.payment_intents.create(wanted(order), options).status == "requires_confirmation"


def test_a_decline_is_replayed_too(sandbox, api, order):
    body = wanted(order, payment_method="pm_card_chargeDeclined", confirm=True)
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            api.payment_intents.create(body, {"idempotency_key": f"pay {order}"})
    assert caught.value.headers["Idempotent-Replayed"] == "true"
    assert statuses(sandbox, order) == ["failed"]


def test_what_a_payment_s_state_did_not_allow_is_replayed_too(api, order):
    intent = paid(api, order)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.payment_intents.cancel(intent.id, options={"idempotency_key": f"undo {order}"})
    assert caught.value.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("change", [{"amount": 2000}, {"description": "a lamp"}])
def test_a_key_is_for_the_same_parameters(sandbox, api, order, change):
    options = {"idempotency_key": f"pay {order}"}
    api.payment_intents.create(wanted(order), options)
    with pytest.raises(stripe.IdempotencyError) as caught:
        api.payment_intents.create(wanted(order) | change, options)
    assert caught.value.http_status == 400
    assert len(sandbox.charges(order)) == 1


def test_a_key_is_for_the_same_address(api, order):
    options = {"idempotency_key": f"pay {order}"}
    first, second = (api.payment_intents.create(wanted(order)).id for _ in range(2))
    api.payment_intents.confirm(first, options=options)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        api.payment_intents.confirm(second, options=options)
    assert api.payment_intents.retrieve(second).status == "requires_confirmation"


def test_a_request_that_was_refused_as_invalid_leaves_its_key_free(api, order):
    options = {"idempotency_key": f"pay {order}"}
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.create(wanted(order, amount=0), options)
    assert api.payment_intents.create(wanted(order), options).amount == 1999


def test_the_same_request_from_many_at_once_is_carried_out_once(sandbox, api, order):
    def create(_: int) -> str:
        try:
            return api.payment_intents.create(
                wanted(order, confirm=True), {"idempotency_key": f"pay {order}"}
            ).id
        except stripe.APIError as error:
            return str(error.http_status)

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(create, range(16)))
    answers.discard("409")  # it was still being carried out
    assert len(answers) == 1
    assert answers.pop().startswith("pi_")
    assert statuses(sandbox, order) == ["succeeded"]


def test_calls_are_counted_by_what_they_asked_for(sandbox, api, order):
    before = Counter(sandbox.control("GET", "/_calls")["calls"])
    intent = paid(api, order)
    for _ in range(2):
        api.payment_intents.retrieve(intent.id)
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.confirm(intent.id)
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.list()
    after = Counter(sandbox.control("GET", "/_calls")["calls"])
    assert after - before == {
        "POST /v1/payment_intents": 1,
        "GET /v1/payment_intents/{id}": 2,
        "POST /v1/payment_intents/{id}/confirm": 1,
        "unknown": 1,
    }
