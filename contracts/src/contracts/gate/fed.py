"""Examples: every version has one, its schema takes it, and so does every reader of its major."""

from collections.abc import Iterator
from typing import Any

from contracts.gate.findings import Finding
from contracts.gate.state import State
from contracts.gate.tree import Golden
from contracts.schema import Schema

_BACKTRACKS = 100_000  # of one pattern on one text: more is an error, not a longer wait


def examples(state: State) -> Iterator[Finding]:
    """Yield what is wrong with the examples."""
    for path, golden in state.versions.items():
        file = path.replace("/schemas/", "/examples/", 1)
        example = state.tree.examples.get(file)
        if example is None:
            advice = "write one: the whole event as the bus delivers it"
            yield _finding(golden, file, why="it has no example", advice=advice)
            continue
        detail = example.document.get("detail")
        for where, problem in _problems(golden.document, detail, "$"):
            yield _finding(golden, file, why=problem, advice="correct the example", path=where)
        yield from _replayed(state, golden, detail, file)
    for file, example in state.tree.examples.items():
        if file.replace("/examples/", "/schemas/", 1) not in state.versions:
            why = "an example lies there, and no such version is declared"
            yield _finding(example, file, why=why, advice="delete it, or declare the version")


def _replayed(state: State, golden: Golden, detail: Any, file: str) -> Iterator[Finding]:
    """Feed an example to every reader of its major: what they read was promised by every minor."""
    data = detail.get("data") if isinstance(detail, dict) else None
    for half in state.code.readers(golden.major):
        for where, problem in _problems(half.schema, data, "$.data"):
            why = f"{half.reaction} cannot read the example: {problem}"
            advice = "read no more than every minor of the major promises"
            yield _finding(golden, file, who=half.service, why=why, advice=advice, path=where)


def _problems(schema: Schema, document: Any, root: str) -> Iterator[tuple[str, str]]:
    import jsonschema_rs  # noqa: PLC0415 - an extra: the checks' alone

    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACKS)
    validator = jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, pattern_options=options
    )
    for found in validator.iter_errors(document):
        steps = (
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in found.instance_path
        )
        yield root + "".join(steps), found.message


def _finding(
    golden: Golden, file: str, *, why: str, advice: str, who: str = "", path: str = ""
) -> Finding:
    return Finding(
        level="break",
        check="example",
        who=who or golden.major.service,
        what=golden.what,
        why=why,
        advice=advice,
        file=file,
        path=path,
    )
