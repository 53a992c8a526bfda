"""Deprecated majors, as ``contracts/deprecations.toml`` records them: no schema says it."""

import tomllib
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

DetailType = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*\.v[1-9][0-9]{0,3}$")]


class Deprecation(BaseModel):
    """The record of one deprecated major.

    Attributes
    ----------
    since
        From when on its successor was published beside it.
    until
        Until when its readers have time to move.
    successor
        The detail-type that they move to: a higher major of the same event.
    why
        What the successor does better.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: date
    until: date
    successor: DetailType
    why: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> "Deprecation":
        if self.until <= self.since:
            raise ValueError("`until` is not after `since`")
        return self


_RECORDS = TypeAdapter(dict[DetailType, Deprecation])


def deprecations(text: str) -> dict[str, Deprecation]:
    """Return the records in the text of ``deprecations.toml``, by detail-type.

    Raises
    ------
    ValueError
        It is not TOML, or not what such a record says.
    """
    try:
        return dict(_RECORDS.validate_python(tomllib.loads(text)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"] if step != "[key]")
        raise ValueError(f"{where}: {first['msg']}") from None
