"""Webhooks' signatures: only who has a secret can make one, and only for now."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.payments.signature import (
    MAX_HEADER,
    TOLERANCE_SECONDS,
    Stale,
    Unreadable,
    Unsigned,
    verify,
)

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
SECRET, OTHER = "whsec_one", "whsec_two"
EVENT = json.dumps({"id": "evt_1", "type": "payment_intent.succeeded"}).encode()

secrets = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=40)


def signature(raw: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()


def header(raw: bytes = EVENT, *by: str, at: datetime = NOW) -> str:
    seconds = int(at.timestamp())
    made = [f"v1={signature(raw, secret, seconds)}" for secret in by or (SECRET,)]
    return ",".join([f"t={seconds}", *made])


def test_a_signed_event_is_returned() -> None:
    assert verify(EVENT, header(), [SECRET], NOW)["id"] == "evt_1"


@given(event=st.dictionaries(st.text(), st.integers() | st.text() | st.none()), secret=secrets)
def test_whatever_was_signed_is_taken(event: dict[str, object], secret: str) -> None:
    raw = json.dumps(event).encode()
    assert verify(raw, header(raw, secret), [secret], NOW) == event


@given(raw=st.binary(max_size=200), at=st.integers(0, 200), bit=st.integers(0, 7))
def test_one_bit_changed_is_refused(raw: bytes, at: int, bit: int) -> None:
    signed = header(raw)
    changed = bytearray(raw or b"\0")
    changed[at % len(changed)] ^= 1 << bit
    with pytest.raises(Unsigned):
        verify(bytes(changed), signed, [SECRET], NOW)


@given(raw=st.binary(max_size=100), made_by=secrets, known=st.lists(secrets, max_size=3))
def test_a_signature_by_no_known_secret_is_refused(
    raw: bytes, made_by: str, known: list[str]
) -> None:
    others = [secret for secret in known if secret != made_by]
    with pytest.raises(Unsigned):
        verify(raw, header(raw, made_by), others, NOW)


@given(st.text(max_size=300) | st.from_regex(r"t=[0-9]{0,15}(,v[01]=[0-9a-fA-F]{60,70}){0,3}"))
def test_a_header_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Unsigned):
        verify(EVENT, text, [SECRET], NOW)


@pytest.mark.parametrize("of", ["", None, "t=1", "v1=" + "0" * 64, "t=,v1=" + "0" * 64])
def test_without_time_or_signature_is_refused(of: str | None) -> None:
    with pytest.raises(Unsigned):
        verify(EVENT, of, [SECRET], NOW)


def test_two_times_are_refused() -> None:
    for two in (f"t=1,{header()}", f"{header()},t=1"):
        with pytest.raises(Unsigned):
            verify(EVENT, two, [SECRET], NOW)


def test_digits_of_other_scripts_are_no_time() -> None:
    given_header = header()
    with pytest.raises(Unsigned):
        verify(EVENT, given_header.replace("t=1", "t=\u0661", 1), [SECRET], NOW)


def test_a_header_beyond_bounds_is_not_read() -> None:
    whole = header()
    padded = whole + ",v0=" + "0" * (MAX_HEADER - len(whole) - len(",v0="))
    assert verify(EVENT, padded, [SECRET], NOW)
    with pytest.raises(Unsigned):
        verify(EVENT, padded + "0", [SECRET], NOW)


@pytest.mark.parametrize("known", [[SECRET], [OTHER], [SECRET, OTHER], [OTHER, SECRET]])
def test_while_a_secret_is_changed_either_is_enough(known: list[str]) -> None:
    assert verify(EVENT, header(EVENT, SECRET, OTHER), known, NOW)


def test_with_two_known_secrets_one_signature_is_enough() -> None:
    assert verify(EVENT, header(EVENT, OTHER), [SECRET, OTHER], NOW)


def test_with_no_secret_nothing_is_taken() -> None:
    with pytest.raises(Unsigned):
        verify(EVENT, header(), [], NOW)


@pytest.mark.parametrize("away", [-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS])
def test_within_the_tolerance_it_is_taken(away: int) -> None:
    assert verify(EVENT, header(at=NOW + timedelta(seconds=away)), [SECRET], NOW)


@pytest.mark.parametrize("away", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1])
def test_beyond_the_tolerance_it_is_stale(away: int) -> None:
    with pytest.raises(Stale):
        verify(EVENT, header(at=NOW + timedelta(seconds=away)), [SECRET], NOW)


def test_an_old_time_put_before_a_signature_is_not_believed() -> None:
    old = header(at=NOW - timedelta(days=1))
    fresh = f"t={int(NOW.timestamp())},{old.partition(',')[2]}"
    with pytest.raises(Unsigned):
        verify(EVENT, fresh, [SECRET], NOW)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"[1]", b'"text"', b"{", b'{"a": NaN}', b"[" * 100_000]
)
def test_what_is_signed_but_no_object_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        verify(raw, header(raw), [SECRET], NOW)


def test_no_error_tells_the_secret_or_the_body() -> None:
    raw = b'{"name": "Ada"'
    for given_header, error in ((header(raw), Unreadable), (header(raw, OTHER), Unsigned)):
        with pytest.raises(error) as raised:
            verify(raw, given_header, [SECRET], NOW)
        assert SECRET not in str(raised.value)
        assert "Ada" not in str(raised.value)
