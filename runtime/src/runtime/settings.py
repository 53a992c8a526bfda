"""Settings of a function: environment variables, read when first asked for, and checked."""

import os
import re
from functools import cached_property

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")
SECRET = re.compile(r"[A-Za-z0-9/_+=.@:-]{1,2048}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
URL = re.compile(r"https?://[^\s]{1,2000}")


class BadSetting(RuntimeError):
    """An environment variable that the function needs is missing or malformed."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"environment variable {variable} {problem}")
        self.variable = variable


class Settings:
    """The environment of one function; each attribute raises `BadSetting` naming its variable."""

    @cached_property
    def stage(self) -> str:
        """Name of the stage."""
        return read("STARLING_STAGE", _NAME)

    @cached_property
    def service(self) -> str:
        """Name of the service that the function belongs to."""
        return read("STARLING_SERVICE", _NAME)

    @cached_property
    def table_name(self) -> str:
        """Name of the service's own table."""
        return read("TABLE_NAME", _NAME)

    @cached_property
    def bus_name(self) -> str:
        """Name of the stage's event bus."""
        return read("BUS_NAME", _NAME)

    @cached_property
    def queue_url(self) -> str:
        """URL of the queue that the function consumes."""
        return read("QUEUE_URL", URL)

    @cached_property
    def dead_letter_queue_url(self) -> str:
        """URL of the dead-letter queue behind that queue."""
        return read("DEAD_LETTER_QUEUE_URL", URL)

    @cached_property
    def queue_attempts(self) -> int:
        """How often a message is received before that queue gives it up."""
        return read_number("QUEUE_ATTEMPTS", least=1, most=9_999)

    @cached_property
    def failure_queue_url(self) -> str:
        """URL of the queue where the publisher parks what it cannot publish."""
        return read("FAILURE_QUEUE_URL", URL)

    @cached_property
    def cursor_secret_id(self) -> str:
        """Name or ARN of the secret whose value signs the service's cursors."""
        return read("CURSOR_SECRET_ID", SECRET)

    @cached_property
    def issuer(self) -> str:
        """Issuer of the tokens that are accepted."""
        return read("ISSUER", URL)

    @cached_property
    def audience(self) -> str:
        """Audience of the tokens that are accepted: the pool's client."""
        return read("AUDIENCE", _NAME)

    @cached_property
    def jwks_url(self) -> str:
        """Where the issuer's keys are."""
        return read("JWKS_URL", URL)

    @cached_property
    def token_use(self) -> str:
        """What a token's ``token_use`` must say."""
        return read("TOKEN_USE", re.compile("id|access"))


settings = Settings()


def read(variable: str, pattern: re.Pattern[str]) -> str:
    """Return an environment variable; a service's own settings come through here too.

    Parameters
    ----------
    variable
        Its name.
    pattern
        What the whole value must match.

    Raises
    ------
    BadSetting
        It is missing, empty or does not match.
    """
    value = os.environ.get(variable)
    if not value:
        raise BadSetting(variable, "is not set")
    if not pattern.fullmatch(value):
        raise BadSetting(variable, f"does not look as expected ({pattern.pattern})")
    return value


def read_number(variable: str, *, least: int, most: int = 10**15 - 1) -> int:
    """Return an environment variable that is a whole number.

    Parameters
    ----------
    variable
        Its name.
    least, most
        What it may be; not below 0.

    Raises
    ------
    BadSetting
        It is missing, empty, no such number, or written in another way than usual.
    """
    number = int(read(variable, _NUMBER))
    if not least <= number <= most:
        raise BadSetting(variable, f"is not between {least} and {most}")
    return number
