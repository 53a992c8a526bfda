"""Many pairs of schemas at once."""

import json
from collections.abc import Iterator
from typing import Any

from contracts.compat.comparison import compare
from contracts.compat.reading import BadSchema, Schema, parse
from contracts.compat.verdict import Outcome

ANSWERS: dict[Outcome, bool | None] = {
    "compatible": True,
    "incompatible": False,
    "unknown": None,
}
"""An outcome in JSON."""

MAX_BYTES = 64 * 1024 * 1024
_MEMBERS = {"name", "old", "new"}


def read(text: str) -> list[dict[str, Any]]:
    """Return the cases of a file: a JSON array of ``{"name", "old", "new"}``.

    Raises
    ------
    BadSchema
        It is something else.
    """
    cases = parse(text, MAX_BYTES)
    if not isinstance(cases, list):
        raise BadSchema("is no JSON array of cases")
    for index, case in enumerate(cases):
        if not isinstance(case, dict) or not case.keys() >= _MEMBERS:
            raise BadSchema(f"case {index} has not all of {', '.join(sorted(_MEMBERS))}")
    return cases


def answers(
    cases: list[dict[str, Any]], *, strict: bool = False
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Yield of each case its name and both directions, and what is wrong with its schemas.

    Yields
    ------
    answer
        ``name``, ``backward`` (the new schema reads what the old one wrote) and ``forward``: true,
        false, or None for unknown.
    problems
        Why a direction could not be answered, for people.
    """
    for case in cases:
        answer: dict[str, Any] = {"name": case["name"]}
        problems = []
        for direction, writer, reader in (
            ("backward", case["old"], case["new"]),
            ("forward", case["new"], case["old"]),
        ):
            try:
                answer[direction] = _outcome(writer, reader, strict=strict)
            except BadSchema as error:
                answer[direction] = None
                problems.append(f"{json.dumps(case['name'])}: {error}")
        yield answer, list(dict.fromkeys(problems))


def _outcome(writer: Schema, reader: Schema, *, strict: bool) -> bool | None:
    return ANSWERS[compare(writer, reader, strict=strict).outcome]
