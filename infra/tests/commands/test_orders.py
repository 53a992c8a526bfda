"""Following an order: each moment once, until nothing more can happen."""

from collections.abc import Iterator, Sequence

import pytest

from infra.commands import orders
from infra.commands.orders import Moment, follow


def moments(text: str) -> list[Moment]:
    return [{"what": what, "at": "2026-11-20T08:30:00Z", "why": None} for what in text.split()]


def looks(*texts: str) -> Iterator[Sequence[Moment]]:
    """Return what each look sees; one look more is too many."""
    yield from map(moments, texts)
    raise AssertionError("looked again after the end")


@pytest.mark.parametrize(
    "seen",
    [
        ["placed", "placed reserved", "placed reserved confirmed fulfilled"],
        ["placed", "placed", "placed rejected"],
        ["placed cancelled"],
        # Its money is still to go back.
        ["placed confirmed", "placed confirmed cancelled", "placed confirmed cancelled refunded"],
    ],
)
def test_each_moment_is_told_once_until_the_end(
    monkeypatch: pytest.MonkeyPatch, seen: list[str]
) -> None:
    monkeypatch.setattr(orders, "_POLL_SECONDS", 0)
    look = looks(*seen).__next__
    assert [moment["what"] for moment in follow(look)] == seen[-1].split()
