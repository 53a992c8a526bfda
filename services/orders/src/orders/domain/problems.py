"""What the rules of orders refuse."""

from runtime.problems import FieldError, Problem


class UnknownCustomer(Problem):
    """No user by that id is known here."""

    status, type, title = 409, "unknown-customer", "The customer is not known"

    def __init__(self) -> None:
        super().__init__(
            "no user by this id has been registered",
            errors=[FieldError("customer_id", "not known")],
        )


class InactiveCustomer(Problem):
    """The user may not order any more."""

    status, type, title = 409, "inactive-customer", "The customer is not active"

    def __init__(self) -> None:
        super().__init__(
            "this user has been deactivated", errors=[FieldError("customer_id", "not active")]
        )


class UnknownProduct(Problem):
    """A product is not on sale."""

    status, type, title = 409, "unknown-product", "The product is not known"


class MixedCurrencies(Problem):
    """The products are priced in more than one currency."""

    status, type, title = 409, "mixed-currencies", "The products have different currencies"


class TotalTooLarge(Problem):
    """The order's total is more than can be kept."""

    status, type, title = 409, "total-too-large", "The total is too large"


class OrderEnded(Problem):
    """Nothing becomes of the order any more."""

    status, type, title = 409, "order-ended", "The order has ended"

    def __init__(self, how: str) -> None:
        super().__init__(f"the order was {how} already")


class ApprovalNotAwaited(Problem):
    """Nobody has to approve the order, or not yet."""

    status, type, title = 409, "approval-not-awaited", "The order awaits no approval"


class ApprovalExpired(Problem):
    """The time to approve the order is over."""

    status, type, title = 409, "approval-expired", "The time to approve is over"


class ApprovalAnswered(Problem):
    """Somebody has approved the order, or refused to."""

    status, type, title = 409, "approval-answered", "The order has had its answer"


class PaymentSettled(Problem):
    """How the order is paid cannot be changed any more."""

    status, type, title = 409, "payment-settled", "How the order is paid is settled"


class NoInvoice(Problem):
    """The order is not paid, or its invoice is not written yet."""

    status, type, title = 409, "no-invoice", "There is no invoice"
