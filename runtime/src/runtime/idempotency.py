"""Creates that a caller may safely repeat: the answer is stored in the transaction that creates.

There is no state in between: either the entity and the stored answer are both there, or neither
is, so that a crash at any moment leaves nothing to clean up and no key locked.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import BaseModel

from runtime.changes import Create, Key
from runtime.problems import FieldError, InvalidRequest, KeyReused
from runtime.table import Table

HEADER = "idempotency-key"
RETENTION = timedelta(hours=24)
KEY_PATTERN = "[!-~]{1,255}"
"""Visible ASCII."""
_KEY = re.compile(KEY_PATTERN)


class Replay(NamedTuple):
    """An answer that was given before."""

    status: int
    body: str
    etag: int | None


class Once(NamedTuple):
    """One caller's wish that a request take effect once.

    Attributes
    ----------
    key
        Where the answer is stored: by tenant, endpoint and the caller's key.
    fingerprint
        What identifies the body.
    now
        The time of the request.
    """

    key: Key
    fingerprint: str
    now: datetime

    def receipt(self, status: int, view: BaseModel, etag: int | None = None) -> Create:
        """Return the change that stores the answer; commit it together with the effect.

        Parameters
        ----------
        status, view, etag
            The answer.
        """
        return Create(
            key=self.key,
            data={
                "fingerprint": self.fingerprint,
                "status": status,
                "body": view.model_dump_json(),
                "etag": etag,
            },
            expires_at=int((self.now + RETENTION).timestamp()),
            now=int(self.now.timestamp()),
        )

    def replay(self, table: Table) -> Replay | None:
        """Return the answer that was given under this key, or None.

        Raises
        ------
        KeyReused
            The key came with another body.
        """
        stored = table.get(self.key)
        if stored is None or (stored.expires_at or 0) <= self.now.timestamp():
            return None
        if stored.data["fingerprint"] != self.fingerprint:
            raise KeyReused(
                "this key was used with another body",
                errors=[FieldError("Idempotency-Key", "used with another body")],
            )
        return Replay(stored.data["status"], stored.data["body"], stored.data["etag"])


def once(
    headers: Mapping[str, str], *, tenant: str, endpoint: str, body: Any, now: datetime
) -> Once | None:
    """Return the request's idempotency, or None if the caller did not ask for it.

    Parameters
    ----------
    headers
        Names in lower case.
    tenant
        Of the caller.
    endpoint
        Method and path.
    body
        The body's JSON value.
    now
        The time of the request.

    Raises
    ------
    InvalidRequest
        The key is not 1 to 255 visible ASCII characters.
    """
    key = headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidRequest(
            "an idempotency key has 1 to 255 visible ASCII characters",
            errors=[FieldError("Idempotency-Key", "not 1 to 255 visible ASCII characters")],
        )
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return Once(
        key=Key(f"TENANT#{tenant}#RECEIPT#{endpoint}#{key}", "RECEIPT"),
        fingerprint=hashlib.sha256(canonical.encode()).hexdigest(),
        now=now,
    )
