"""Compares schemas: pairs, and histories by mode."""

from collections.abc import Sequence
from typing import Literal, get_args

from contracts.compat.documents import Document
from contracts.compat.facts import Undecided
from contracts.compat.reading import Schema
from contracts.compat.sameness import Sameness
from contracts.compat.subset import Prover
from contracts.compat.verdict import NOTHING, Difference, Verdict
from contracts.compat.witness import witness

Mode = Literal[
    "backward",
    "forward",
    "full",
    "backward-transitive",
    "forward-transitive",
    "full-transitive",
]
MODES: tuple[Mode, ...] = get_args(Mode)
"""As schema registries call them: who reads what whom wrote."""

_SHOWN = 20


def compare(writer: Schema, reader: Schema, *, strict: bool = False) -> Verdict:
    """Return whether every document of the writer satisfies the reader's schema.

    Parameters
    ----------
    writer, reader
        Schemas, as JSON values: draft 4 to 2020-12.
    strict
        Take the writer's schema at its word: what it leaves open may be sent. Otherwise objects
        whose properties are named get no others: a writer sends what it declares, so that a
        property that only the reader names is simply not there.

    Raises
    ------
    BadSchema
        One of them cannot be compared.
    """
    accepted = Document(reader)
    described = Document(writer)
    if Sameness().same(described.node, accepted.node):
        return Verdict("compatible")
    sent = described if strict else Document(writer, closed=True)
    found = _differences(sent, accepted)
    if not found:
        return Verdict("compatible")
    differences = tuple(dict.fromkeys(found))[:_SHOWN]
    try:
        shown = witness(sent, accepted, described)
    except RecursionError:
        return Verdict("unknown", differences)
    if shown is NOTHING:
        return Verdict("unknown", differences)
    return Verdict("incompatible", differences, shown)


def _differences(sent: Document, accepted: Document) -> list[Difference]:
    """Return what keeps documents that are sent from being accepted."""
    try:
        return Prover().differences([sent.node], accepted.node, "$")
    except (Undecided, RecursionError) as error:
        reason = str(error) if isinstance(error, Undecided) else "it is nested too deep"
        return [Difference("$", "", f"not decided: {reason}")]


def check(
    history: Sequence[Schema], new: Schema, mode: Mode = "backward", *, strict: bool = False
) -> list[tuple[int, Literal["backward", "forward"], Verdict]]:
    """Return the verdicts of a new schema against those before it.

    Parameters
    ----------
    history
        The earlier schemas, the oldest first; only the last counts unless the mode is transitive.
    new
        The new one.
    mode
        ``backward``: the new one reads what earlier ones wrote. ``forward``: the other way round.
        ``full``: both.
    strict
        As in `compare`.

    Returns
    -------
    list of (index into the history, direction, verdict)
    """
    first = 0 if mode.endswith("-transitive") else max(len(history) - 1, 0)
    verdicts: list[tuple[int, Literal["backward", "forward"], Verdict]] = []
    for index, old in list(enumerate(history))[first:]:
        if not mode.startswith("forward"):
            verdicts.append((index, "backward", compare(old, new, strict=strict)))
        if not mode.startswith("backward"):
            verdicts.append((index, "forward", compare(new, old, strict=strict)))
    return verdicts
