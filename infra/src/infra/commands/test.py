"""`starling test`: a service's tests, in the service's own environment."""

import subprocess
from pathlib import Path
from typing import Annotated

import typer

from infra.alone import environment, variables
from infra.discovery import Service, services
from infra.errors import StarlingError
from infra.paths import ROOT
from infra.progress import console

_HISTORIES = "test_any_*.py"
_NONE = 5  # pytest's exit code when it has run no test


def run_tests(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SERVICE]...", help="Whose tests; of all services if not said."),
    ] = None,
    only: Annotated[
        str, typer.Option("--only", "-k", metavar="EXPRESSION", help="Only tests of such names.")
    ] = "",
    workers: Annotated[int, typer.Option(min=1, help="How many processes share the tests.")] = 2,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Measure it too: `coverage combine` takes it up.")
    ] = False,
) -> None:
    """Run services' tests on their own locks: what a service lacks is not there by chance.

    Neither the code of the other services nor that of the deployment can be imported.
    """
    failed, matched = [], False
    for service in services(names or ()):
        console.print(f"[bold]{service.name}[/bold], on its own lock")
        code = run(service, only=only, workers=workers, coverage=coverage)
        if only and code == _NONE:
            continue
        matched = True
        if code:
            failed.append(service.name)
    if failed:
        raise StarlingError(
            f"{', '.join(failed)}: tests failed",
            "If a module is missing: the service's requirements.lock does not name it.",
        )
    if not matched:
        raise StarlingError(f"no test is named like {only!r}")


def run(service: Service, *, only: str, workers: int, coverage: bool) -> int:
    """Run a service's tests, and return pytest's exit code: 0 if there are any and all passed."""
    tests = _tests(service)
    command: list[str | Path] = ["pytest", "-q", "-n", str(workers), "--dist", "loadgroup"]
    command += ["-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT]
    command += ["--confcutdir", service.folder, *(["-k", only] if only else [])]
    python, histories = environment(service), sorted(tests.rglob(_HISTORIES))
    if not (coverage and histories):
        return _python(python, *(["coverage", "run", "-m"] if coverage else []), *command, tests)
    # Random histories take twice as long when they are measured, and reach no line of their own.
    ignored: list[str | Path] = [f"--ignore-glob=*/{_HISTORIES}", tests]
    codes = {
        _python(python, "coverage", "run", "-m", *command, *ignored),
        _python(python, *command, *histories),
    }
    return max(codes - {_NONE} or codes)


def _python(python: Path, *command: str | Path) -> int:
    done = subprocess.run([python, "-m", *command], cwd=ROOT, env=variables(), check=False)
    return done.returncode


def _tests(service: Service) -> Path:
    tests = service.folder / "tests"
    if not any(tests.rglob("test_*.py")):
        raise StarlingError(f"{service.name} has no tests.", f"They belong into {tests}.")
    return tests
