from collections.abc import Sequence

from runtime.stream import Change, stream


def sing(changes: Sequence[Change]) -> None:
    del changes


handler = stream(sing)
