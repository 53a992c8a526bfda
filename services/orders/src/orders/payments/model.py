"""Payments as orders sees them, and why one may fail; imports nothing of the provider's."""

from dataclasses import dataclass
from typing import Literal

from contracts.money import Money

Status = Literal["captured", "pending", "failed", "cancelled"]

# Where the provider's smallest unit is not ISO 4217's: what an amount is multiplied with and
# divided by (Stripe, "Supported currencies": special cases and zero-decimal currencies).
_UNITS = {"ISK": (100, 1), "UGX": (100, 1), "MGA": (1, 100)}


class PaymentDeclined(Exception):
    """The bank or the provider said no for good: this method is not tried again.

    Attributes
    ----------
    code
        Why, in the provider's word: ``insufficient_funds``, ``resource_missing``, …
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PaymentRefused(Exception):
    """The provider does not take what we ask of it: no retry helps, a person has to look.

    Attributes
    ----------
    code
        Why, in the provider's word.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ProviderUnavailable(Exception):
    """The provider gave no answer that counts: try again later."""


class ProviderLeftAlone(ProviderUnavailable):
    """The provider is in trouble, and is not asked for a while: nothing was sent."""


@dataclass(frozen=True)
class Payment:
    """A payment.

    Attributes
    ----------
    id
        The provider's.
    status
        ``captured`` has the money, refunded or not; ``pending`` may still come to it; ``failed``
        was declined; ``cancelled`` never takes any.
    amount, refunded
        Minor units.
    currency
        ISO 4217 code, upper case.
    """

    id: str
    status: Status
    amount: int
    currency: str
    refunded: int


@dataclass(frozen=True)
class ListedPayment(Payment):
    """A payment with what it is for: None where the provider was not told."""

    order_id: str | None
    tenant: str | None


def to_provider(money: Money) -> int:
    """Return an amount in the provider's smallest unit.

    Raises
    ------
    PaymentDeclined
        The provider has no unit as small as that.
    """
    times, by = _UNITS.get(money.currency, (1, 1))
    amount, rest = divmod(money.amount * times, by)
    if rest:
        raise PaymentDeclined("invalid_charge_amount")
    return amount


def from_provider(amount: int, currency: str) -> int:
    """Return the provider's amount in minor units."""
    times, by = _UNITS.get(currency, (1, 1))
    return amount * by // times
