"""Synthesises stacks and deploys them with the CDK command line."""

import json
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from infra import account, aws, tools
from infra.discovery import UnknownService, services
from infra.errors import StarlingError
from infra.local import deployment, hooks
from infra.paths import BUILD, ROOT
from infra.stages import LOCAL_ACCOUNT, LOCAL_REGION, Stage, port_variable
from infra.tools import node

ALL: Final = "all"
PLATFORM: Final = "platform"
_CONCURRENT_STACKS: Final = 4
_LINES_OF_A_FAILURE: Final = 20
# A line of progress: STACK | 3 | TIME | CREATE_COMPLETE | AWS::SQS::Queue | …
_PROGRESS: Final = re.compile(r"^(\S+) \| +(\d+)(?:/\d+)? \|.*?\| (\w+) +\| (\S+)")
_FAILED: Final = re.compile(r"_FAILED|❌|[Ee]rror|failed", re.ASCII)

Note = Callable[[str], None]


def _silent(_text: str) -> None:
    """Tell nobody."""


def chosen(what: str) -> list[str]:
    """Return the stacks that a word of the command line means, by service.

    Parameters
    ----------
    what
        A service's name, ``platform``, or ``all``.

    Raises
    ------
    UnknownService
        There is none of that name.
    """
    known = [PLATFORM, *(service.name for service in services())]
    if what == ALL:
        return known
    if what not in known:
        raise UnknownService(f"no service {what!r}: choose one of {', '.join([ALL, *known])}")
    return [what]


def synthesise(stage: Stage, names: Sequence[str], output: Path | None = None) -> Path:
    """Synthesise stacks into a cloud assembly.

    Parameters
    ----------
    stage
        The stage.
    names
        The stacks, by service; a service's code is imported only if its stack is among them.
    output
        Where to put the assembly; below ``build/cdk.out`` if not said.

    Returns
    -------
    Path
        The assembly's folder.

    Raises
    ------
    StarlingError
        The app fails; the message has the end of what it said.
    """
    what = "-".join(names) if len(names) == 1 else ALL
    output = output or BUILD / "cdk.out" / f"{stage.name}-{what}"
    context = {"stage": stage.name, "services": ",".join(names)}
    done = subprocess.run(
        [sys.executable, "-m", "infra"],
        cwd=ROOT,
        env={
            **node.environment(),
            **_ports(stage),
            "CDK_OUTDIR": str(output),
            "CDK_CONTEXT_JSON": json.dumps(context),
        },
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise StarlingError(
            f"Synthesising {', '.join(names)} failed:\n" + "\n".join(said[-_LINES_OF_A_FAILURE:])
        )
    return output


def bootstrap(stage: Stage, note: Note = _silent) -> None:
    """Prepare a local stage for deployments, as ``cdk bootstrap`` does for an account."""
    _cdk(stage, ["bootstrap", f"aws://{LOCAL_ACCOUNT}/{LOCAL_REGION}"], "Bootstrapping", note)


def deploy(stage: Stage, assembly: Path, note: Note = _silent) -> list[str]:
    """Deploy all the stacks of an assembly.

    Parameters
    ----------
    stage
        The stage that the assembly was made for.
    assembly
        What `synthesise` returned.
    note
        Told what is being deployed right now.

    Returns
    -------
    list of str
        The settings of a local stage that the emulator had dropped and that were applied after.

    Raises
    ------
    StarlingError
        A stack cannot be deployed; the message names the resource and the cause.
    """
    if not stage.local:
        account.prepare(stage, assembly)
    _cdk(
        stage,
        [
            *("deploy", "--all", "--app", str(assembly), "--require-approval", "never"),
            *("--method", "direct", "--concurrency", str(_CONCURRENT_STACKS)),
            *("--progress", "events"),
        ],
        "Deploying",
        note,
    )
    if not stage.local:
        return []
    applied = deployment.apply_dropped(stage, assembly)
    hooks.aim(stage)
    return applied


def _cdk(stage: Stage, arguments: Sequence[str], doing: str, note: Note) -> None:
    environment = node.environment() | aws.environment(stage)
    if stage.local:
        for variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
            environment.pop(variable, None)
    environment |= {"CDK_DISABLE_CLI_TELEMETRY": "true", "NO_COLOR": "1"}
    command = [str(node.NODE), str(tools.cdk()), *arguments, "--ci", "--no-notices", "--no-color"]
    last: deque[str] = deque(maxlen=200)
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            for line in process.stdout or ():
                last.append(line.rstrip())
                if found := _PROGRESS.match(line):
                    stack, count, _status, kind = found.groups()
                    note(f"{stack.removeprefix(stage.named('')).strip()} {count} {kind}")
        except BaseException:
            process.terminate()  # told to stop: the deployment must not go on alone
            raise
    if process.returncode:
        causes = [line for line in last if _FAILED.search(line)] or list(last)
        raise StarlingError(
            f"{doing} failed:\n" + "\n".join(causes[-_LINES_OF_A_FAILURE:]),
            "" if stage.local else "Check the credentials and that the account is bootstrapped.",
        )


def _ports(stage: Stage) -> dict[str, str]:
    """Return the variables that make the app see a local stage on the ports that it runs on."""
    if not stage.local:
        return {}
    return {
        port_variable(stage.name, "EMULATOR"): str(stage.emulator_port),
        port_variable(stage.name, "SEARCH"): str(stage.search_port),
        port_variable(stage.name, "PAYMENTS"): str(stage.payments_port),
    }
