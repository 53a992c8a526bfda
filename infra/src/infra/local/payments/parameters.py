"""What the parameters of a request ask for, checked as Stripe checks them."""

from typing import Any

from .book import Intent
from .cards import CARDS
from .form import Form
from .refusals import invalid, missing, no_such

MAX_AMOUNT = 99_999_999
"""Minor units: Stripe takes eight digits."""
MIN_AMOUNT = 50
"""Minor units, of any currency but these; both are Stripe's own minimum for a charge."""
_MIN_AMOUNTS = {"gbp": 30, "sek": 300, "nok": 300, "dkk": 250, "pln": 200, "czk": 1_500}
_CURRENCY_LETTERS = 3
_DEFAULT_PAGE, _MAX_PAGE = 10, 100
CONFIRMING = ("error_on_requires_action", "off_session", "return_url")
"""Parameters that make sense only where a payment is charged."""
PAGE = ("limit", "starting_after", "expand")
"""Parameters of every list."""


def intent_of(form: Form) -> Intent:
    """Return the payment that is to be made."""
    form.only(
        "amount", "automatic_payment_methods", "capture_method", "confirm", "currency",
        "description", "expand", "metadata", "payment_method", "payment_method_types",
        *CONFIRMING,
    )  # fmt: skip
    confirm = form.flag("confirm")
    for name in CONFIRMING:
        if form.text(name) is not None and not confirm:
            raise invalid(
                name,
                f"The parameter `{name}` cannot be passed when creating a PaymentIntent unless "
                "`confirm` is set to true.",
            )
    method = method_of(form)
    if confirm and method is None:
        raise missing("payment_method")
    currency = _currency(form)
    return Intent(
        amount=_amount(form, currency),
        currency=currency,
        method=method,
        metadata=form.metadata(),
        description=form.text("description"),
        capture_method=form.choice("capture_method", ("automatic", "automatic_async"))
        or "automatic_async",
        automatic=_automatic(form),
        status="requires_confirmation" if method else "requires_payment_method",
    )


def method_of(form: Form) -> str | None:
    """Return the card that is to be charged, if one is named."""
    kinds = form.members("payment_method_types").values()
    if any(kind != "card" for kind in kinds):
        raise invalid("payment_method_types", "The local stage takes cards only.")
    method = form.text("payment_method")
    if method is not None and method not in CARDS:
        raise no_such("PaymentMethod", method, "payment_method")
    return method


def _automatic(form: Form) -> dict[str, Any] | None:
    wanted = form.members("automatic_payment_methods")
    if not wanted:
        return None
    if form.members("payment_method_types"):
        raise invalid(
            "automatic_payment_methods",
            "You may only specify one of these parameters: automatic_payment_methods, "
            "payment_method_types.",
        )
    return {
        "enabled": wanted.get("enabled") == "true",
        "allow_redirects": wanted.get("allow_redirects", "always"),
    }


def _amount(form: Form, currency: str) -> int:
    amount = form.integer("amount", 1)
    if amount is None:
        raise missing("amount")
    if amount > MAX_AMOUNT:
        raise invalid("amount", f"Amount must be no more than {MAX_AMOUNT}", "amount_too_large")
    least = _MIN_AMOUNTS.get(currency, MIN_AMOUNT)
    if amount < least:
        raise invalid("amount", f"Amount must be at least {least} {currency}", "amount_too_small")
    return amount


def _currency(form: Form) -> str:
    currency = form.required("currency").lower()
    if len(currency) != _CURRENCY_LETTERS or not (currency.isascii() and currency.isalpha()):
        raise invalid("currency", "Invalid currency: three letters of ISO 4217")
    return currency


def expands(form: Form, *known: str) -> bool:
    """Return whether a member is wanted in full, which is one of the known."""
    wanted = list(form.members("expand").values())
    for one in wanted:
        if one not in known:
            raise invalid("expand", "This property cannot be expanded.")
    return bool(wanted)


def created_between(form: Form) -> tuple[float, float]:
    """Return the times that a list begins at and ends before."""
    since, until = float("-inf"), float("inf")
    for name, value in form.integers("created").items():
        if name == "gte":
            since = max(since, value)
        elif name == "gt":
            since = max(since, value + 1)
        elif name == "lt":
            until = min(until, value)
        elif name == "lte":
            until = min(until, value + 1)
        else:
            raise invalid("created", "Invalid created: gt, gte, lt or lte")
    return since, until


def page_of(
    form: Form, found: list[Any], known: dict[str, Any], what: str
) -> tuple[list[Any], bool]:
    """Return a page of what was found, and whether there is more."""
    limit = form.integer("limit", 1)
    limit = _DEFAULT_PAGE if limit is None else limit
    if limit > _MAX_PAGE:
        raise invalid(
            "limit",
            f"This value must be less than or equal to {_MAX_PAGE}.",
            "parameter_invalid_integer",
        )
    after = form.text("starting_after")
    start = 0
    if after is not None:
        if after not in known:
            raise no_such(what, after, "starting_after")
        start = next((at for at, one in enumerate(found, 1) if one.id == after), 0)
    page = found[start : start + limit]
    return page, len(found) > start + limit
