"""What each address of the API does."""

from http import HTTPStatus
from typing import Any

from .book import Book, Intent, Refund
from .cards import CARDS, GENERIC, INSUFFICIENT
from .faults import Faults
from .form import Form
from .parameters import CONFIRMING, PAGE, created_between, expands, intent_of, method_of, page_of
from .refusals import Refused, no_such, unexpected_state
from .shapes import (
    Shape,
    charge_shape,
    decline_members,
    intent_shape,
    list_shape,
    refund_shape,
)
from .webhooks import Webhooks

_CANCELLABLE = ("requires_payment_method", "requires_confirmation")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_CANCELLATION_REASONS = (*_REASONS, "abandoned")

Request = dict[str, Any]
"""`id` and `idempotency_key`, as an event tells of the request behind it."""


class Operations:
    """The API's operations on one book; each raises `Refused` as Stripe would.

    Each is given the parameters and the request, and the id of its address if it has one.
    """

    def __init__(self, book: Book, faults: Faults, webhooks: Webhooks) -> None:
        self._book = book
        self._faults = faults
        self._webhooks = webhooks

    def create_intent(self, form: Form, request: Request) -> Shape:
        """Make a payment, and charge it at once with `confirm`."""
        intent = intent_of(form)
        full = expands(form, "latest_charge")
        confirm = form.flag("confirm")
        with self._book.lock:
            self._book.add(intent)
            if confirm and intent.method:
                self._charge(intent, intent.method, request)
            return intent_shape(intent, expanded=full)

    def confirm_intent(self, form: Form, request: Request, name: str) -> Shape:
        """Charge a payment."""
        form.only("capture_method", "expand", "payment_method", *CONFIRMING)
        full = expands(form, "latest_charge")
        chosen = method_of(form)
        with self._book.lock:
            intent = self._intent(name)
            if intent.status == "succeeded":
                raise unexpected_state(
                    "You cannot confirm this PaymentIntent because it has already succeeded after "
                    "being previously confirmed.",
                    intent_shape(intent),
                )
            if intent.status == "canceled":
                raise unexpected_state(
                    "You cannot confirm this PaymentIntent because it has a status of canceled.",
                    intent_shape(intent),
                )
            method = chosen or intent.method
            if method is None:
                raise unexpected_state(
                    "You cannot confirm this PaymentIntent because it's missing a payment method.",
                    intent_shape(intent),
                )
            self._charge(intent, method, request)
            return intent_shape(intent, expanded=full)

    def cancel_intent(self, form: Form, request: Request, name: str) -> Shape:
        """Give up a payment that has not been charged."""
        form.only("cancellation_reason", "expand")
        full = expands(form, "latest_charge")
        reason = form.choice("cancellation_reason", _CANCELLATION_REASONS)
        with self._book.lock:
            intent = self._intent(name)
            if intent.status not in _CANCELLABLE:
                raise unexpected_state(
                    "You cannot cancel this PaymentIntent because it has a status of "
                    f"{intent.status}.",
                    intent_shape(intent),
                )
            intent.cancel(reason)
            shape = intent_shape(intent, expanded=full)
            self._webhooks.tell("payment_intent.canceled", intent_shape(intent), request)
            return shape

    def retrieve_intent(self, form: Form, _: Request, name: str) -> Shape:
        """Tell of a payment."""
        form.only("client_secret", "expand")
        full = expands(form, "latest_charge")
        with self._book.lock:
            return intent_shape(self._intent(name), expanded=full)

    def list_intents(self, form: Form, _: Request) -> Shape:
        """Tell of payments, newest first."""
        form.only("created", *PAGE)
        full = expands(form, "data.latest_charge")
        since, until = created_between(form)
        with self._book.lock:
            found = [
                intent
                for intent in reversed(self._book.intents.values())
                if since <= intent.created < until
            ]
            page, more = page_of(form, found, self._book.intents, "payment_intent")
            shapes = [intent_shape(intent, expanded=full) for intent in page]
        return list_shape("/v1/payment_intents", shapes, more=more)

    def create_refund(self, form: Form, request: Request) -> Shape:
        """Give a payment's money back, all that is left of it if no amount is said."""
        form.only("amount", "expand", "metadata", "payment_intent", "reason")
        expands(form)
        name = form.required("payment_intent")
        wanted = form.integer("amount", 1)
        reason = form.choice("reason", _REASONS)
        metadata = form.metadata()
        with self._book.lock:
            intent = self._book.intents.get(name)
            if intent is None:
                raise no_such("payment_intent", name, "payment_intent", HTTPStatus.NOT_FOUND)
            charge = intent.paid
            if charge is None:
                raise Refused(
                    f"This PaymentIntent ({name}) does not have a successful charge to refund.",
                    began=True,
                )
            left = intent.amount - charge.refunded
            if left == 0:
                raise Refused(
                    f"Charge {charge.id} has already been refunded.",
                    code="charge_already_refunded",
                    began=True,
                )
            if wanted is not None and wanted > left:
                raise Refused(
                    f"Refund amount ({wanted} {intent.currency}) is greater than unrefunded "
                    f"amount on charge ({left} {intent.currency})",
                    param="amount",
                    began=True,
                )
            before = charge.refunded
            refund = Refund(intent, charge, wanted or left, reason, metadata)
            self._book.refund(refund)
            self._webhooks.tell(
                "charge.refunded",
                charge_shape(intent, charge),
                request,
                previous_attributes={"amount_refunded": before},
            )
            return refund_shape(refund)

    def retrieve_refund(self, form: Form, _: Request, name: str) -> Shape:
        """Tell of a refund."""
        form.only("expand")
        expands(form)
        with self._book.lock:
            refund = self._book.refunds.get(name)
            if refund is None:
                raise no_such("refund", name, "id", HTTPStatus.NOT_FOUND)
            return refund_shape(refund)

    def list_refunds(self, form: Form, _: Request) -> Shape:
        """Tell of refunds, newest first: of one payment, or of all."""
        form.only("payment_intent", "created", *PAGE)
        expands(form)
        name = form.text("payment_intent")
        since, until = created_between(form)
        with self._book.lock:
            found = [
                refund
                for refund in reversed(self._book.refunds.values())
                if name in (None, refund.intent.id) and since <= refund.created < until
            ]
            page, more = page_of(form, found, self._book.refunds, "refund")
            shapes = [refund_shape(refund) for refund in page]
        return list_shape("/v1/refunds", shapes, more=more)

    def _intent(self, name: str) -> Intent:
        intent = self._book.intents.get(name)
        if intent is None:
            raise no_such("payment_intent", name, "intent", HTTPStatus.NOT_FOUND)
        return intent

    def _charge(self, intent: Intent, method: str, request: Request) -> None:
        decline = CARDS[method]
        if self._faults.strikes("decline"):
            decline = GENERIC
        elif self._faults.strikes("insufficient_funds"):
            decline = INSUFFICIENT
        intent.charge(method, decline)
        shape = intent_shape(intent)
        if decline is None:
            self._webhooks.tell("payment_intent.succeeded", shape, request)
            return
        self._webhooks.tell("payment_intent.payment_failed", shape, request)
        raise Refused(
            decline.message,
            HTTPStatus.PAYMENT_REQUIRED,
            kind="card_error",
            code=decline.code,
            began=True,
            payment_intent=shape,
            **decline_members(intent.charges[-1]),
        )
