"""What one invocation of a function may take: part of its declaration, as its work demands it."""

from typing import NamedTuple


class Capacity(NamedTuple):
    """Time and memory of a function.

    Parameters
    ----------
    seconds
        How long one invocation may take; Lambda allows 900.
    memory
        MB; Lambda's share of a processor grows with it, 1,769 MB are one whole
        (Lambda's developer guide, "Configure Lambda function memory").
    """

    seconds: int = 30
    memory: int = 512


ORDINARY = Capacity()
"""Of a function that reads and writes a few items."""
