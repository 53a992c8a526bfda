"""CPU time, of fresh processes or of calls, in pairs.

Elapsed time says little on a shared machine, and CPU time drifts with its load: so a candidate is
compared with a baseline that ran right beside it, many times over.
"""

import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class CommandFailed(RuntimeError):
    """A measured process failed, so that its time means nothing."""


class Timed(Protocol):
    """What can be measured: a `Command`, or `bench.calls.Calls`."""

    def cpu_seconds(self) -> float:
        """Run it once and return the CPU time."""


@dataclass(frozen=True)
class Command:
    """A process to measure.

    Attributes
    ----------
    arguments
        The program and its arguments.
    environment
        All of its environment variables.
    """

    arguments: Sequence[str | Path]
    environment: Mapping[str, str]

    def cpu_seconds(self) -> float:
        """Run it and return the CPU time, user and system, of it and of what it waited for.

        Raises
        ------
        CommandFailed
            It did not end with status 0; the message is the end of what it said.
        """
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                [str(argument) for argument in self.arguments],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                said.seek(0)
                end = said.read().decode(errors="replace")[-2000:].strip()
                raise CommandFailed(f"a measured process ended with {process.returncode}: {end}")
            return usage.ru_utime + usage.ru_stime


@dataclass(frozen=True)
class Timing:
    """What a number of pairs came to.

    Attributes
    ----------
    ratio
        Median of the pairs' ratios, candidate over baseline.
    spread
        Their lower and upper quartile.
    baseline_seconds, candidate_seconds
        Median CPU times.
    rounds
        How many pairs.
    """

    ratio: float
    spread: tuple[float, float]
    baseline_seconds: float
    candidate_seconds: float
    rounds: int


def compare(
    baseline: Timed,
    candidate: Timed,
    rounds: int,
    tick: Callable[[], None] = lambda: None,
) -> Timing:
    """Measure a candidate against its baseline.

    Parameters
    ----------
    baseline, candidate
        Each is run once before, unmeasured, so that all is warm, the system's cache too.
    rounds
        How many pairs, at least 2; in every other one the candidate goes first.
    tick
        Called after each pair.
    """
    for side in (baseline, candidate):
        side.cpu_seconds()
    pairs: list[tuple[float, float]] = []
    for number in range(rounds):
        if number % 2:
            second, first = candidate.cpu_seconds(), baseline.cpu_seconds()
        else:
            first, second = baseline.cpu_seconds(), candidate.cpu_seconds()
        pairs.append((first, second))
        tick()
    ratios = [second / first for first, second in pairs]
    lower, _, upper = statistics.quantiles(ratios, n=4)
    return Timing(
        ratio=statistics.median(ratios),
        spread=(lower, upper),
        baseline_seconds=statistics.median(first for first, _ in pairs),
        candidate_seconds=statistics.median(second for _, second in pairs),
        rounds=rounds,
    )
