"""Stages: a stage is a name, and everything that differs between stages follows from it."""

import os
import re
from dataclasses import dataclass
from typing import Final

LOCAL_REGION: Final = "eu-west-1"
LOCAL_ACCOUNT: Final = "000000000000"

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PAGES: Final = re.compile(r"https?://[^\s()\"]{1,200}")
SEARCH_OPERATOR: Final = "search-operator"
"""The role that people of a stage on AWS take to speak to its search engine."""

MAX_NAME: Final = 12  # so that every function's name stays within Lambda's 64 characters

# Ports of the local stages: (emulator, OpenSearch, vision, payments). `test` belongs to the
# end-to-end tests, so that they run while `local` is up.
_LOCAL_PORTS: Final = {"local": (4566, 9241, 4580, 4590), "test": (4666, 9261, 4680, 4690)}
_LAST_PORT: Final = 65535
_LAST_SEARCH_PORT: Final = 9299  # OpenSearch's runner does not count further


class BadStage(ValueError):
    """A stage's name that cannot name its resources."""


@dataclass(frozen=True)
class Stage:
    """A stage and what follows from its name.

    Attributes
    ----------
    name
        Part of every resource's name.
    emulator_port, search_port, vision_port, payments_port
        Where a local stage's emulator, OpenSearch, vision server and payments sandbox listen on
        127.0.0.1; None on AWS.
    """

    name: str
    emulator_port: int | None = None
    search_port: int | None = None
    vision_port: int | None = None
    payments_port: int | None = None

    @property
    def local(self) -> bool:
        """Whether the stage runs on this machine."""
        return self.emulator_port is not None

    @property
    def disposable(self) -> bool:
        """Whether its data may be deleted with its stacks: local stages, `dev` and `dev-…`."""
        return self.local or self.name == "dev" or self.name.startswith("dev-")

    @property
    def log_days(self) -> int:
        """How long logs are kept, in days."""
        return 7 if self.disposable else 90

    @property
    def archive_days(self) -> int:
        """How long the bus's archive keeps events, in days.

        Inbox marks outlive it, so that a replay is never mistaken for news.
        """
        return 7 if self.disposable else 30

    @property
    def emulator_url(self) -> str | None:
        """Address of the local stage's emulator: the address, because S3 must be path-style."""
        return f"http://127.0.0.1:{self.emulator_port}" if self.local else None

    @property
    def search_url(self) -> str | None:
        """Address of the local stage's OpenSearch."""
        return f"http://127.0.0.1:{self.search_port}" if self.local else None

    @property
    def vision_url(self) -> str | None:
        """Address of the local stage's vision server, in Rekognition's place."""
        return f"http://127.0.0.1:{self.vision_port}" if self.local else None

    @property
    def payments_url(self) -> str | None:
        """Address of the local stage's payments sandbox, in Stripe's place."""
        return f"http://127.0.0.1:{self.payments_port}" if self.local else None

    @property
    def console_origins(self) -> tuple[str, ...]:
        """Web origins of the console, which may send uploads: ``STARLING_CONSOLE_ORIGIN``.

        On a laptop it is where web tools serve by default; on AWS none, unless it is said.
        """
        origin = os.environ.get("STARLING_CONSOLE_ORIGIN") or ("http://127.0.0.1:3000" * self.local)
        return (origin,) if origin else ()

    @property
    def runbooks(self) -> str:
        """Where the repository's pages can be read, for links in alarms: ``STARLING_RUNBOOKS``.

        A URL like that of the main branch at its host. Empty, links are paths in the repository.

        Raises
        ------
        BadStage
            It is no URL.
        """
        base = os.environ.get("STARLING_RUNBOOKS", "")
        if base and not _PAGES.fullmatch(base):
            raise BadStage(f"STARLING_RUNBOOKS={base!r} is not the URL of a folder of pages")
        return base

    def named(self, *parts: str) -> str:
        """Return the name of a resource of this stage, like ``starling-dev-orders``."""
        return "-".join(("starling", self.name, *parts))

    def parameter(self, name: str) -> str:
        """Return the name of a shared SSM parameter, like ``/starling/dev/bus-name``."""
        return f"/starling/{self.name}/{name}"

    @classmethod
    def of(cls, name: str) -> "Stage":
        """Return the stage of a name.

        Parameters
        ----------
        name
            `local` and `test` are local stages, any other is on AWS. The ports of `local` may
            be moved by ``STARLING_EMULATOR_PORT``, ``STARLING_SEARCH_PORT``,
            ``STARLING_VISION_PORT`` and ``STARLING_PAYMENTS_PORT``, those of `test` by
            ``STARLING_TEST_EMULATOR_PORT`` and so on.

        Raises
        ------
        BadStage
            The name is not lower-case words joined by hyphens, or is too long.
        """
        if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
            raise BadStage(
                f"stage {name!r}: a stage's name is lower-case letters and digits, words joined by "
                f"hyphens, beginning with a letter, {MAX_NAME} characters at most"
            )
        if name not in _LOCAL_PORTS:
            return cls(name)
        emulator, search, vision, payments = _LOCAL_PORTS[name]
        return cls(
            name,
            emulator_port=_port(port_variable(name, "EMULATOR"), emulator, _LAST_PORT),
            search_port=_port(port_variable(name, "SEARCH"), search, _LAST_SEARCH_PORT),
            vision_port=_port(port_variable(name, "VISION"), vision, _LAST_PORT),
            payments_port=_port(port_variable(name, "PAYMENTS"), payments, _LAST_PORT),
        )


def port_variable(stage: str, engine: str) -> str:
    """Return the variable that moves a port; each local stage has its own, as both may run."""
    prefix = "STARLING" if stage == "local" else f"STARLING_{stage.upper()}"
    return f"{prefix}_{engine}_PORT"


def _port(variable: str, default: int, last: int) -> int:
    value = os.environ.get(variable) or str(default)
    if not value.isdecimal() or not 0 < int(value) <= last:
        raise BadStage(f"{variable}={value!r} is not a port number from 1 to {last}")
    return int(value)
