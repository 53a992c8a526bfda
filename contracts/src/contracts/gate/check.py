"""The whole gate: all checks over the working tree, the worst finding first."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from contracts import golden
from contracts.gate import deprecated, fed, git, readers, released, sources, tree
from contracts.gate.findings import BadContract, Finding, Report
from contracts.gate.state import State

_CHECKS = (
    readers.halves,
    readers.minors,
    readers.unpublished,
    released.changed,
    released.withdrawn,
    released.drifted,
    deprecated.recorded,
    deprecated.read,
    fed.examples,
)


def check(root: Path, against: str | None, today: date) -> Report:
    """Return all that is to be said of the contracts in the working tree.

    Parameters
    ----------
    root
        The repository; its services can be imported.
    against
        The revision to compare with; None finds the one where this branch began.
    today
        The day that deprecations are held against.

    Raises
    ------
    contracts.gate.findings.BadContract
        A file cannot be read.
    contracts.gate.git.NoSuchRevision
        There is nothing to compare with.
    """
    commit, name = git.base(root) if against is None else (git.resolve(root, against), against)
    state = State(
        code=tree.of(_code(root)),
        tree=tree.working(root),
        base=tree.at(root, commit),
        sources=sources.read(root),
        today=today,
    )
    order = ("break", "warning", "note")
    found = sorted(_all(state), key=lambda finding: order.index(finding.level))
    return Report(f"{commit[:12]} ({name})", found)


def _code(root: Path) -> dict[str, bytes]:
    """Return the golden files as the code says they should be."""
    try:
        texts = golden.expected(root)
    except (ImportError, SyntaxError, TypeError) as error:
        raise BadContract("the code cannot be read", error) from error
    return {path.relative_to(root).as_posix(): text.encode() for path, text in texts.items()}


def _all(state: State) -> Iterator[Finding]:
    for rule in _CHECKS:
        yield from rule(state)
    yield from _unknown(state)


def _unknown(state: State) -> Iterator[Finding]:
    """Yield the names of events in the services' code that the catalogue does not know."""
    catalogue = {major.detail_type for major in state.current}
    read = {half.detail_type for half in state.code.halves.values()}  # found by its half already
    for named in state.sources.written:
        if named.name not in catalogue | read:
            yield _named(named, "it is written here, and is not in the catalogue of events")
    for named in state.sources.declared:
        yield _named(named, "a class of an event is declared outside contracts.events")


def _named(named: sources.Named, why: str) -> Finding:
    return Finding(
        level="break",
        check="catalogue",
        who=named.service,
        what=named.name,
        why=why,
        advice="declare it in contracts/src/contracts/events, or correct the name",
        file=named.file,
        line=named.line,
    )
