"""Money in integer minor units."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_AMOUNT = 10**12

# How many digits of an amount stand behind the point, where it is not two (ISO 4217, list one).
_DIGITS = {
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"], 0),
    **dict.fromkeys(["UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


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


def shown(money: Money) -> str:
    """Return an amount as people read it: ``19.99 EUR``, ``1999 JPY``, ``1.999 KWD``."""
    digits = _DIGITS.get(money.currency, 2)
    if not digits:
        return f"{money.amount} {money.currency}"
    whole, rest = divmod(money.amount, 10**digits)
    return f"{whole}.{rest:0{digits}} {money.currency}"
