"""What a function pays for at start-up: only the modules that it names."""

import subprocess
import sys

import pytest


def imported(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter has after `statement`."""
    code = f"{statement}; import sys; print(*sys.modules)"
    run = [sys.executable, "-c", code]
    answer = subprocess.run(run, check=True, capture_output=True, text=True, timeout=60)  # noqa: S603 - ours
    return set(answer.stdout.split())


def test_the_package_alone_imports_nothing_of_itself() -> None:
    assert {name for name in imported("import contracts") if name.startswith("contracts.")} == set()


def test_the_limits_come_without_pydantic() -> None:
    names = imported("from contracts.limits import Entry, entry_size, MAX_ENTRY_BYTES")
    assert not any(name.partition(".")[0] in {"pydantic", "pydantic_core"} for name in names)


@pytest.mark.parametrize("module", ["ids", "envelope", "reader", "event", "events.orders"])
def test_what_functions_import_brings_no_tools_and_no_other_events(module: str) -> None:
    names = {
        name for name in imported(f"import contracts.{module}") if name.startswith("contracts.")
    }
    assert not names & {
        f"contracts.{tool}"
        for tool in (
            "casts",
            "cloudevents",
            "compat",
            "deprecations",
            "draft4",
            "examples",
            "exports",
            "gate",
            "golden",
            "patterns",
            "recording",
            "schema",
        )
    }
    assert "contracts.events.users" not in names
    assert ("contracts.event" in names) == module.startswith("event")
