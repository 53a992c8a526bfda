"""Money in integer minor units."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_AMOUNT = 10**12


class Money(BaseModel):
    """An amount of one currency: 1999 EUR is nineteen euros and ninety-nine cents.

    Parameters
    ----------
    amount
        Minor units (cents), from 0 to 10**12.
    currency
        ISO 4217 code, upper case.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
