"""Following an order: each moment once, until nothing more can happen."""

from collections.abc import Iterator, Sequence

import pytest

from infra.following import Moment, follow


def moments(text: str) -> list[Moment]:
    return [{"what": what, "at": "2026-11-20T08:30:00Z", "why": None} for what in text.split()]


def looks(*texts: str) -> Iterator[Sequence[Moment]]:
    """Return what each look sees; one look more is too many."""
    yield from map(moments, texts)
    raise AssertionError("looked again after the end")


def followed(*texts: str, costs: bool = True) -> str:
    look = looks(*texts).__next__
    return " ".join(moment["what"] for moment in follow(look, costs=costs, pause=0))


@pytest.mark.parametrize(
    "seen",
    [
        ["placed", "placed reserved", "placed reserved confirmed invoiced fulfilled"],
        ["placed", "placed", "placed rejected"],
        ["placed cancelled"],
        ["placed reserved awaiting_approval", "placed reserved awaiting_approval cancelled"],
        # Its money is still to go back.
        ["placed confirmed", "placed confirmed cancelled", "placed confirmed cancelled refunded"],
        ["placed confirmed rejected", "placed confirmed rejected refunded"],
    ],
)
def test_each_moment_is_told_once_until_the_end(seen: list[str]) -> None:
    assert followed(*seen) == seen[-1]


def test_what_costs_nothing_is_never_refunded() -> None:
    assert followed("placed confirmed", "placed confirmed cancelled", costs=False) == (
        "placed confirmed cancelled"
    )


def test_a_moment_that_comes_before_a_known_one_is_told_and_the_known_one_not_again() -> None:
    seen = ["confirmed invoiced", "confirmed cancelled invoiced", "confirmed cancelled refunded"]
    assert followed(*seen) == "confirmed invoiced cancelled refunded"
