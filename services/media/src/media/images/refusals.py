"""Why a picture is not taken."""

from typing import Literal

Reason = Literal[
    "ANIMATED",
    "CORRUPT",
    "DISGUISED",
    "EMPTY",
    "POLYGLOT",
    "TOO_LARGE",
    "TRUNCATED",
    "UNSUPPORTED",
]
"""What is wrong with it, for programs:

``EMPTY`` has no bytes; ``UNSUPPORTED`` is none of the kinds that are taken; ``DISGUISED`` is of
another type than was declared; ``TRUNCATED`` ends too early; ``CORRUPT`` breaks its format's rules;
``ANIMATED`` has more than one frame; ``TOO_LARGE`` takes too much to decode; ``POLYGLOT`` is a
picture and something else, too.
"""


class Refused(Exception):
    """A picture that nobody gets to see.

    Parameters
    ----------
    reason
        What is wrong with it.
    detail
        The same for people; nothing of what the picture says is in it.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail
