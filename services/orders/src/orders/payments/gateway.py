"""The payments of orders, as their workflow asks for them; each call may be made again."""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from contracts.money import Money
from orders.payments.breaker import Breaker
from orders.payments.model import (
    ListedPayment,
    Payment,
    PaymentDeclined,
    PaymentRefused,
    ProviderUnavailable,
    Status,
    from_provider,
    to_provider,
)
from orders.payments.provider import API, URL, Answer, Form, Provider, Request, Stuck
from orders.payments.secret import PaymentSecret
from runtime.settings import read

_INTENTS = "/v1/payment_intents"
_ID = re.compile(r"pi_[A-Za-z0-9_]{1,250}")
_CHARGE: Form = {"expand[0]": "latest_charge"}  # it knows what was refunded
_PAGE = 100
_CHAIN = 5  # keys that may be stuck, one after the other
_ATTEMPTS = 3

_UNAUTHORIZED, _CONFLICT, _FAILED = {401, 403}, 409, 500
_REFUSED = 400
_STATUS: dict[str, Status] = {
    "succeeded": "captured",
    "canceled": "cancelled",
    "requires_payment_method": "failed",
    "requires_confirmation": "pending",
    "requires_action": "pending",
    "requires_capture": "pending",
    "processing": "pending",
}
_UNEXPECTED = "payment_intent_unexpected_state"
_REFUNDED = "charge_already_refunded"
# What the provider refuses for what was to be paid, and how: it is as final as a bank's no.
_OF_THE_PAYMENT = {"amount", "currency", "payment_method"}


class Payments:
    """The payments of all tenants.

    Keys are the caller's: one for all attempts at the same thing.

    Parameters
    ----------
    provider
        The payment provider.
    breaker
        What every request to it goes through.
    """

    def __init__(self, provider: Provider, breaker: Breaker) -> None:
        self._provider = provider
        self._breaker = breaker

    @classmethod
    def connect(cls) -> "Payments":
        """Return the payments at the provider: Stripe, or what ``PAYMENTS_URL`` says."""
        return _connected()

    def begin(self, *, tenant: str, order_id: str, amount: Money, method: str, key: str) -> Payment:
        """Prepare a payment; nothing is charged by it.

        Parameters
        ----------
        tenant, order_id
            What it is for; the provider keeps it.
        amount
            How much.
        method
            The provider's token for how it will be paid.
        key
            Of all attempts.

        Raises
        ------
        PaymentDeclined
            There is no such method, or the provider takes no such amount.
        PaymentRefused, ProviderUnavailable
        """
        form: Form = {
            "amount": to_provider(amount),
            "currency": amount.currency.lower(),
            "payment_method": method,
            "payment_method_types[0]": "card",
            "capture_method": "automatic",
            "metadata[order_id]": order_id,
            "metadata[tenant_id]": tenant,
            **_CHARGE,
        }
        return _payment(_done(self._post(_INTENTS, form, f"{key}:begin")))

    def capture(self, payment_id: str, *, key: str) -> Payment:
        """Take the money.

        Returns
        -------
        Payment
            ``captured``, be it by an earlier attempt; ``pending`` where the provider takes its
            time; ``cancelled`` if it was undone before.

        Raises
        ------
        PaymentDeclined
            The bank does not pay, or not without the customer there.
        PaymentRefused, ProviderUnavailable
        """
        form: Form = {"off_session": "true", "error_on_requires_action": "true", **_CHARGE}
        path = f"{_path(payment_id)}/confirm"
        answer = self._post(path, form, f"{key}:capture")
        intent = self._intent(payment_id) if _is(answer, _UNEXPECTED) else _done(answer)
        if intent.get("status") in {"requires_action", "requires_payment_method"}:
            raise PaymentDeclined(_why_declined(intent))
        return _payment(intent)

    def find(self, payment_id: str) -> Payment:
        """Return a payment as it is now.

        Raises
        ------
        PaymentRefused
            There is none (``resource_missing``).
        ProviderUnavailable
        """
        return _payment(self._intent(payment_id))

    def undo(self, payment_id: str, *, key: str) -> Payment:
        """Give back what was captured and let nothing more be, whatever state it is in.

        Raises
        ------
        ProviderUnavailable
            Also while the provider is still at it.
        PaymentRefused
        """
        for _ in range(_ATTEMPTS):
            intent = self._intent(payment_id)
            payment = _payment(intent)
            if payment.status == "cancelled" or payment.refunded >= payment.amount:
                return payment
            if payment.status == "captured":
                # Without an amount: all that is left, so a second refund finds nothing.
                form: Form = {"payment_intent": payment_id, "reason": "requested_by_customer"}
                answer = self._post("/v1/refunds", form, f"{key}:refund", stale=_REFUSED)
                if not _is(answer, _REFUNDED):
                    _done(answer)
                continue
            # A key for each state: what was refused in one is asked anew in another.
            path, stated = f"{_path(payment_id)}/cancel", f"{key}:cancel:{intent['status']}"
            answer = self._post(path, _CHARGE, stated, stale=_REFUSED)
            if not _is(answer, _UNEXPECTED):
                return _payment(_done(answer))
        raise ProviderUnavailable("the payment is still being changed")

    def list(self, *, since: datetime, until: datetime) -> Iterator[ListedPayment]:
        """Yield the payments that were begun in a time, the newest first.

        Parameters
        ----------
        since, until
            Aware; `until` is not in it. Both to the second.

        Raises
        ------
        PaymentRefused, ProviderUnavailable
        """
        query: dict[str, str | int] = {
            "created[gte]": int(since.timestamp()),
            "created[lt]": int(until.timestamp()),
            "limit": _PAGE,
            "expand[0]": "data.latest_charge",
        }
        while True:
            page = _done(self._call(self._provider.get(_INTENTS, query)))
            intents = page.get("data")
            if not isinstance(intents, list):
                raise PaymentRefused("unreadable")
            yield from map(_listed, intents)
            if not intents or page.get("has_more") is not True:
                return
            query["starting_after"] = intents[-1]["id"]

    def _intent(self, payment_id: str) -> dict[str, Any]:
        return _done(self._call(self._provider.get(_path(payment_id), _CHARGE)))

    def _post(self, path: str, form: Form, key: str, stale: int = _FAILED) -> Answer:
        """Have something done under a key, or the next where that is stuck with an old failure.

        The provider keeps to a key whatever its first request was answered, failures too. The next
        key is the same for whoever comes here, and what is done under it cannot be done twice: a
        payment is captured and refunded once, and one that was only begun takes nothing.

        Parameters
        ----------
        path, form, key
            Of the request.
        stale
            From which status on an old answer is not taken.
        """
        for number in range(1, _CHAIN + 1):
            one = key if number == 1 else f"{key}:{number}"
            try:
                answer = self._call(self._provider.post(path, form, one))
            except Stuck:
                continue
            if not (answer.replayed and answer.status >= stale):
                return answer
        raise ProviderUnavailable("the payment provider only says what it said before")

    def _call(self, request: Request) -> Answer:
        answer = self._breaker.call(request)
        if answer.status in _UNAUTHORIZED:
            raise ProviderUnavailable("the payment provider does not take the key")
        if answer.status == _CONFLICT:
            raise ProviderUnavailable(f"the payment is being changed: {answer.error('code')}")
        return answer


def _done(answer: Answer) -> dict[str, Any]:
    """Return what was done."""
    if answer.ok:
        return answer.body
    code = answer.error("decline_code") or answer.error("code") or answer.error("type")
    if answer.error("type") == "card_error" or answer.error("param") in _OF_THE_PAYMENT:
        raise PaymentDeclined(code)
    raise PaymentRefused(code or str(answer.status))


def _is(answer: Answer, code: str) -> bool:
    return not answer.ok and answer.error("code") == code


def _why_declined(intent: Mapping[str, Any]) -> str:
    if intent.get("status") == "requires_action":
        return "authentication_required"
    last = intent.get("last_payment_error")
    error = Answer(_REFUSED, {"error": last}, replayed=False)
    return error.error("decline_code") or error.error("code") or "payment_failed"


def _payment(intent: Mapping[str, Any]) -> Payment:
    return Payment(**_fields(intent))


def _listed(intent: Mapping[str, Any]) -> ListedPayment:
    metadata = intent.get("metadata") or {}
    return ListedPayment(
        **_fields(intent),
        order_id=metadata.get("order_id"),
        tenant=metadata.get("tenant_id"),
    )


def _fields(intent: Mapping[str, Any]) -> dict[str, Any]:
    charge = intent.get("latest_charge")
    try:
        currency = intent["currency"].upper()
        refunded = charge["amount_refunded"] if isinstance(charge, dict) else 0
        return {
            "id": _checked(intent["id"]),
            "status": _STATUS.get(intent["status"], "pending"),
            "amount": from_provider(intent["amount"], currency),
            "currency": currency,
            "refunded": from_provider(refunded, currency),
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        raise PaymentRefused("unreadable") from None


def _path(payment_id: str) -> str:
    return f"{_INTENTS}/{_checked(payment_id)}"


def _checked(payment_id: str) -> str:
    if not _ID.fullmatch(payment_id):
        raise ValueError("not the id of a payment")
    return payment_id


@cache
def _connected() -> Payments:
    url = read("PAYMENTS_URL", URL) if "PAYMENTS_URL" in os.environ else API
    return Payments(Provider(PaymentSecret.connect(), url), Breaker.connect())
