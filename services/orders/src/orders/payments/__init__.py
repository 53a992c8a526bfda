"""Paying: the one place that knows the payment provider (docs/decisions, 0023)."""

from orders.payments.gateway import Payments
from orders.payments.model import (
    ListedPayment,
    Payment,
    PaymentDeclined,
    PaymentRefused,
    ProviderLeftAlone,
    ProviderUnavailable,
)

__all__ = [
    "ListedPayment",
    "Payment",
    "PaymentDeclined",
    "PaymentRefused",
    "Payments",
    "ProviderLeftAlone",
    "ProviderUnavailable",
]
