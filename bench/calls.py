"""CPU time of calls within a process, for what is too short to be measured by a process of its own.

Both sides of a pair are measured in the same process, warm, with nothing but the calls counted.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Calls:
    """A function to measure.

    Attributes
    ----------
    function
        Takes no arguments; what it returns is dropped.
    number
        How many calls are timed together.
    """

    function: Callable[[], object]
    number: int = 20_000

    def cpu_seconds(self) -> float:
        """Call it so many times and return the CPU time of all calls."""
        function, calls = self.function, range(self.number)
        before = time.process_time()
        for _ in calls:
            function()
        return time.process_time() - before
