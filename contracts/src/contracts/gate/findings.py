"""What the gate finds, and how machines are told."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["break", "warning", "note"]


class BadContract(ValueError):
    """A file that the gate must read and cannot; the message names it."""

    def __init__(self, file: object, problem: object) -> None:
        super().__init__(f"{file}: {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a person has to know.

    Attributes
    ----------
    level
        ``break`` fails the gate; a ``warning`` will be a break one day; a ``note`` is good to know.
    check
        The rule, as a name that stays.
    who
        The service that is broken or asked.
    what
        The event and its version: ``UserDeactivated 1.1``.
    why
        What is wrong.
    advice
        What to do.
    file, line
        Where to begin: the file from the repository's root, and the line in it, from 1.
    path
        Where in the event's detail, as a JSON path; empty if it is about the whole.
    witness
        A document that shows it: the publisher may write it, the reader refuses it.
    """

    level: Level
    check: str
    who: str
    what: str
    why: str
    advice: str
    file: str
    line: int = 1
    path: str = ""
    witness: Any = None


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one run, the worst first.

    Attributes
    ----------
    against
        What the working tree was compared with.
    findings
        What was found.
    """

    against: str
    findings: Sequence[Finding]

    @property
    def broken(self) -> bool:
        """Whether the gate stays shut."""
        return any(finding.level == "break" for finding in self.findings)

    def summary(self) -> str:
        """Return how much was found, in a line."""
        counts = [
            f"{number} {level}{'' if number == 1 else 's'}"
            for level in ("break", "warning", "note")
            if (number := sum(finding.level == level for finding in self.findings))
        ]
        return f"{', '.join(counts) or 'nothing found'}; compared with {self.against}"

    def as_json(self) -> str:
        """Return the report as one JSON object."""
        document = {
            "against": self.against,
            "broken": self.broken,
            "findings": [asdict(finding) for finding in self.findings],
        }
        return json.dumps(document, ensure_ascii=False, indent=2)

    def as_github(self) -> str:
        """Return the findings as workflow commands, which annotate the files of a pull request."""
        return "\n".join(_annotation(finding) for finding in self.findings)


def _annotation(finding: Finding) -> str:
    command = {"break": "error", "warning": "warning", "note": "notice"}[finding.level]
    said = [finding.why]
    if finding.path:
        said.append(f"where: {finding.path}")
    if finding.witness is not None:
        said.append(f"for example: {json.dumps(finding.witness, ensure_ascii=False)}")
    said.append(f"what to do: {finding.advice}")
    where = f"file={_property(finding.file)},line={finding.line}"
    title = _property(f"{finding.who}: {finding.what}")
    return f"::{command} {where},title={title}::{_data(chr(10).join(said))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
