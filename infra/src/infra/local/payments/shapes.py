"""Stripe's JSON: the objects as its API answers with them."""

from typing import Any

from .book import Charge, Intent, Refund

API_VERSION = "2026-10-28.endive"
"""What a request without a `Stripe-Version` gets."""

Shape = dict[str, Any]


def intent_shape(intent: Intent, *, expanded: bool = False) -> Shape:
    """Return a PaymentIntent; `expanded` has its latest charge in full."""
    last = intent.charges[-1] if intent.charges else None
    return {
        "id": intent.id,
        "object": "payment_intent",
        "amount": intent.amount,
        "amount_capturable": 0,
        "amount_received": intent.amount if intent.paid else 0,
        "application": None,
        "automatic_payment_methods": intent.automatic,
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.cancellation_reason,
        "capture_method": intent.capture_method,
        "client_secret": f"{intent.id}_secret_{intent.secret}",
        "confirmation_method": "automatic",
        "created": intent.created,
        "currency": intent.currency,
        "customer": None,
        "description": intent.description,
        "last_payment_error": _last_error(last) if last else None,
        "latest_charge": charge_shape(intent, last) if expanded and last else last and last.id,
        "livemode": False,
        "metadata": intent.metadata,
        "next_action": None,
        "payment_method": intent.method,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "status": intent.status,
    }


def charge_shape(intent: Intent, charge: Charge) -> Shape:
    """Return a Charge."""
    declined = charge.decline
    return {
        "id": charge.id,
        "object": "charge",
        "amount": intent.amount,
        "amount_captured": 0 if declined else intent.amount,
        "amount_refunded": charge.refunded,
        "balance_transaction": None,
        "captured": not declined,
        "created": charge.created,
        "currency": intent.currency,
        "customer": None,
        "description": intent.description,
        "disputed": False,
        "failure_code": declined and declined.code,
        "failure_message": declined and declined.message,
        "livemode": False,
        "metadata": intent.metadata,
        "paid": not declined,
        "payment_intent": intent.id,
        "payment_method": charge.method,
        "refunded": charge.refunded == intent.amount,
        "status": charge.status,
    }


def refund_shape(refund: Refund) -> Shape:
    """Return a Refund."""
    return {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": None,
        "charge": refund.charge.id,
        "created": refund.created,
        "currency": refund.intent.currency,
        "metadata": refund.metadata,
        "payment_intent": refund.intent.id,
        "reason": refund.reason,
        "status": "succeeded",
    }


def list_shape(url: str, shapes: list[Shape], *, more: bool) -> Shape:
    """Return a page of a list."""
    return {"object": "list", "url": url, "has_more": more, "data": shapes}


def decline_members(charge: Charge) -> Shape:
    """Return what an error tells of a charge that was declined."""
    declined = charge.decline
    return {"charge": charge.id, "decline_code": declined.decline_code if declined else None}


def _last_error(charge: Charge) -> Shape | None:
    if charge.decline is None:
        return None
    return {
        "code": charge.decline.code,
        "message": charge.decline.message,
        "type": "card_error",
        **decline_members(charge),
    }
