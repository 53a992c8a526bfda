"""Stripe's test cards: what a payment method's token does when it is charged."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Decline:
    """Why a card's issuer does not pay, as Stripe tells it."""

    code: str
    decline_code: str | None
    message: str


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
INSUFFICIENT = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")

CARDS: dict[str, Decline | None] = {
    "pm_card_visa": None,
    "pm_card_mastercard": None,
    "pm_card_chargeDeclined": GENERIC,
    "pm_card_chargeDeclinedInsufficientFunds": INSUFFICIENT,
    "pm_card_chargeDeclinedExpiredCard": Decline("expired_card", None, "Your card has expired."),
    "pm_card_chargeDeclinedProcessingError": Decline(
        "processing_error",
        None,
        "An error occurred while processing your card. Try again in a little bit.",
    ),
}
"""Each token's decline; None pays."""
