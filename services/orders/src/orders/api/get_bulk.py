"""Get what became of the orders of a bulk."""

from typing import Annotated, Literal

from pydantic import Field

from orders.bulk import Bulk, Bulks, Ended
from runtime.endpoint import endpoint
from runtime.messages import Request, View
from runtime.problems import NotFound


class FieldErrorView(View):
    """A field that is wrong."""

    field: Annotated[str, Field(description="its path, like items.0.sku")]
    detail: str


class ProblemView(View):
    """Why something was refused, as ``POST /orders`` would have said."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldErrorView, ...] = ()


class EndView(View):
    """One order of the bulk."""

    index: Annotated[int, Field(description="its place in the request, from 0")]
    status: Literal["placed", "refused", "waiting"]
    order_id: str | None
    problem: ProblemView | None


class BulkView(View):
    """A bulk of orders."""

    id: str
    status: Annotated[
        Literal["accepted", "done"], Field(description="done when none of its orders is waiting")
    ]
    orders: list[EndView]
    problem: Annotated[
        ProblemView | None, Field(description="why it was refused as a whole, with no orders")
    ]


def get_bulk(request: Request[None], bulks: Bulks) -> BulkView:
    """Return how each of its orders ended; it is known as soon as the first attempt began."""
    bulk_id = request.path["id"]
    bulk = bulks.find(request.tenant, bulk_id)
    if bulk is not None and bulk.same_as is not None:
        bulk = bulks.find(request.tenant, bulk.same_as)
    if bulk is None:
        raise NotFound("there is no bulk by that id, or not yet: try again after a second")
    return BulkView(
        id=bulk_id,
        status="done" if bulk.done else "accepted",
        orders=[_end(index, bulk.ended.get(index)) for index in range(bulk.count)],
        problem=_problem(bulk),
    )


def _end(index: int, ended: Ended | None) -> EndView:
    if ended is None:
        return EndView(index=index, status="waiting", order_id=None, problem=None)
    status: Literal["placed", "refused"] = "placed" if ended.order_id else "refused"
    return EndView(index=index, status=status, order_id=ended.order_id, problem=_problem(ended))


def _problem(refused: Bulk | Ended) -> ProblemView | None:
    return None if refused.problem is None else ProblemView.model_validate(refused.problem)


handler = endpoint("GET", "/orders/bulk/{id}", get_bulk, problems=[NotFound], bulks=Bulks.connect)
