"""What may be asked of a search, and what of it does not fit together."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from contracts.ids import UserId
from contracts.money import MAX_AMOUNT
from contracts.values import Timestamp
from search_sync.domain.query import Facet, Kind, Search, Sort, Status, Text

_STATUSES: dict[Kind, tuple[Status, ...]] = {
    "user": ("active", "deactivated"),
    "order": ("placed", "confirmed", "fulfilled", "rejected", "cancelled"),
    "media": ("ready",),
}


def _day_at(moment: time) -> Callable[[object], object]:
    def read(value: object) -> object:
        if isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return f"{value}T{moment.isoformat()}Z"
        return value

    return read


_MOMENT = WithJsonSchema(
    {
        "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
        "description": "A day in UTC as a whole, or a moment.",
    }
)
Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT, description="In minor units of `currency`.")]
From = Annotated[Timestamp, BeforeValidator(_day_at(time.min)), _MOMENT]
To = Annotated[Timestamp, BeforeValidator(_day_at(time.max)), _MOMENT]


class Wanted(BaseModel):
    """What to find: `q` in words, empty for all; the others narrow it down.

    What only orders have (`customer`, `placed_…`, `currency`, `amount_…`) finds orders alone.
    A subclass is an API's, with what else it takes.
    """

    q: Text = ""
    kind: Kind | None = None
    status: Status | None = None
    customer: UserId | None = None
    placed_from: From | None = None
    placed_to: To | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    amount_min: Amount | None = None
    amount_max: Amount | None = None
    sort: Sort = "relevance"

    def scope(self, of: str) -> str:
        """Return what cursors of this list are good for: what is found, and in which order.

        Parameters
        ----------
        of
            Whose list it is: the cursors of an API are good for no other's.
        """
        return json.dumps([of, self.model_dump(mode="json", include=set(Wanted.model_fields))])

    def search(self, tenant: str, *, size: int, facets: Sequence[Facet]) -> Search:
        """Return what looks for it, from its beginning, among a tenant's documents."""
        return Search(
            tenant=tenant,
            text=self.q,
            kind=self.kind,
            status=self.status,
            customer=self.customer,
            placed_from=self.placed_from,
            placed_to=self.placed_to,
            currency=self.currency,
            amount_min=self.amount_min,
            amount_max=self.amount_max,
            sort=self.sort,
            facets=facets,
            size=size,
        )

    @field_validator("status")
    @classmethod
    def _is_of_the_kind(cls, status: Status | None, info: ValidationInfo) -> Status | None:
        kind: Kind | None = info.data.get("kind")
        if kind and status and status not in _STATUSES[kind]:
            raise ValueError(f"no {kind} has it: theirs are {', '.join(_STATUSES[kind])}")
        return status

    @field_validator("customer", "placed_from", "placed_to", "currency")
    @classmethod
    def _is_of_orders(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("kind") not in (None, "order"):
            raise ValueError("is of orders alone, and kind is another")
        return value

    @field_validator("amount_min", "amount_max")
    @classmethod
    def _has_a_currency(cls, value: int | None, info: ValidationInfo) -> int | None:
        _need_currency(info)
        return value

    @field_validator("sort")
    @classmethod
    def _can_be_compared(cls, sort: Sort, info: ValidationInfo) -> Sort:
        if sort in ("amount", "-amount"):
            _need_currency(info)
        return sort

    @field_validator("placed_to", "amount_max")
    @classmethod
    def _ends_after_it_begins(cls, end: Any, info: ValidationInfo) -> Any:
        name = {"placed_to": "placed_from", "amount_max": "amount_min"}[str(info.field_name)]
        begin: datetime | int | None = info.data.get(name)
        if begin is not None and end is not None and end < begin:
            raise ValueError(f"is less than {name}")
        return end


def _need_currency(info: ValidationInfo) -> None:
    if info.data.get("currency") is None:
        raise ValueError("needs currency: amounts of different ones cannot be compared")
