"""Who sent a webhook: the provider signs each one, here is checked that it did.

The scheme is Stripe's: ``Stripe-Signature: t=<epoch seconds>,v1=<hex>,…`` with HMAC-SHA256 of
``<t>.<body>`` under the endpoint's secret; while a secret is changed, there is one for each.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn

from contracts.limits import require_shallow

TOLERANCE_SECONDS = 300
"""How far the time of signing may be from ours, either way."""

MAX_HEADER = 4096
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_SECONDS = re.compile(r"[0-9]{1,12}")


class Unsigned(Exception):
    """No signature is there, or none that one of the secrets made of this body."""


class Stale(Exception):
    """The body was signed, but at another time: an old one may be sent again by anybody."""


class Unreadable(Exception):
    """The body was signed, but is no JSON object."""


def verify(
    raw: bytes,
    header: str | None,
    secrets: Sequence[str],
    now: datetime,
    tolerance: int = TOLERANCE_SECONDS,
) -> dict[str, Any]:
    """Return the event that a body holds, once it is known who sent it.

    Parameters
    ----------
    raw
        The body as it came, byte by byte.
    header
        ``Stripe-Signature``.
    secrets
        Those of the endpoint; one match with any is enough.
    now
        The time, aware.
    tolerance
        In seconds.

    Raises
    ------
    Unsigned, Stale, Unreadable
        None of them says anything of the body or of the secrets.
    """
    signed_at, given = _parsed(header)
    signed = f"{signed_at}.".encode() + raw
    known = False
    # Each is compared with each, whatever was found: the time taken tells nothing.
    for secret in secrets:
        expected = hmac.new(secret.encode(), signed, "sha256").hexdigest()
        for signature in given:
            known |= hmac.compare_digest(expected, signature)
    if not known:
        raise Unsigned("no signature is by one of the secrets")
    if abs(now.timestamp() - int(signed_at)) > tolerance:
        raise Stale("signed at another time")
    return _object(raw)


def fingerprint(raw: bytes, header: str | None) -> str:
    """Return what one sending of a body has in common with its replays, in hexadecimal digits.

    It is made of what is signed: another choice or order of signatures changes nothing, but who
    sends the same again later has to sign again.

    Raises
    ------
    Unsigned
        The header is none of the scheme.
    """
    signed_at, _ = _parsed(header)
    return hashlib.sha256(f"{signed_at}.".encode() + raw).hexdigest()


def _parsed(header: str | None) -> tuple[str, list[str]]:
    """Return the time as it was signed, and the signatures of the scheme."""
    if not header or len(header) > MAX_HEADER:
        raise Unsigned("no signature")
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    given = [value for name, _, value in parts if name.strip() == "v1"]
    given = [signature for signature in given if _SIGNATURE.fullmatch(signature)]
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not given:
        raise Unsigned("no signature of the scheme")
    return times[0], given


def _object(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode()
        require_shallow(text)
        event = json.loads(text, parse_constant=_no_number)
    except ValueError:
        raise Unreadable("not JSON") from None
    if not isinstance(event, dict):
        raise Unreadable("no JSON object")
    return event


def _no_number(_constant: str) -> NoReturn:
    raise ValueError("JSON has no such number")
