"""What a comparison of two schemas comes to."""

from dataclasses import dataclass
from typing import Any, Final, Literal

Outcome = Literal["compatible", "incompatible", "unknown"]


class _Nothing:
    """No document: None is one."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where the reader may refuse what the writer sends.

    Attributes
    ----------
    path
        Where in a document, as a JSON path: ``$.items[*].price``.
    keyword
        The reader's keyword that is not held.
    reason
        Why, in words.
    """

    path: str
    keyword: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether every document of a writer satisfies a reader.

    Attributes
    ----------
    outcome
        ``compatible`` only if that is proven; ``incompatible`` only with a witness; else
        ``unknown``.
    differences
        What keeps it from being compatible.
    witness
        A document that the writer's schema accepts and the reader's refuses, both said by a
        validator; `NOTHING` if there is none.
    """

    outcome: Outcome
    differences: tuple[Difference, ...] = ()
    witness: Any = NOTHING
