"""Progress of long steps, on stderr: live on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

console = Console(stderr=True, highlight=False)
"""For people: progress and errors. Data goes to stdout."""


class Step:
    """One running step; `note` says what it is doing now."""

    def __init__(self, steps: "Steps", title: str, task: TaskID) -> None:
        self._steps = steps
        self._title = title
        self._task = task

    def note(self, text: str) -> None:
        """Show a detail behind the step's title (on a terminal only)."""
        self._steps.describe(self._task, f"{escape(self._title)} [dim]{escape(text)}[/dim]")


class Steps:
    """A group of steps that may run in parallel threads.

    Used as a context manager; each `step` is reported with its duration, and a step
    left by an exception is marked as failed.
    """

    def __init__(self) -> None:
        self._live = console.is_terminal
        self._lock = threading.Lock()
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not self._live,
        )

    def __enter__(self) -> "Steps":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def describe(self, task: TaskID, text: str) -> None:
        """Replace the text of a running step."""
        self._progress.update(task, description=text)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Report what runs inside the block as one step.

        Parameters
        ----------
        title
            What is done, as people would say it: "Installing the emulator".
        """
        started = time.monotonic()
        task = self._progress.add_task(escape(title), total=None)
        if not self._live:
            console.print(f"[dim]…[/dim] {escape(title)}")
        try:
            yield Step(self, title, task)
        except BaseException:
            self._finish(task, f"[red]✗[/red] {escape(title)}")
            raise
        seconds = time.monotonic() - started
        self._finish(task, f"[green]✓[/green] {escape(title)} [dim]{seconds:.1f} s[/dim]")

    def _finish(self, task: TaskID, line: str) -> None:
        with self._lock:
            self._progress.remove_task(task)
            console.print(line)
