"""Tokens of a real issuer: RSA and EC keys, and a key set served over HTTP on this machine."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt import PyJWKClientConnectionError
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from runtime import authorizer
from runtime.authorizer import COOLDOWN_SECONDS, STALE_SECONDS, Keys, Refused, Verifier, authorize
from runtime.identity import Caller
from runtime.serving import Asked, Reply, serving
from runtime.settings import settings

ISSUER = "https://issuer.example/pool"
AUDIENCE = "client-1"
TIMES = {"exp", "nbf", "iat"}
ARN = "arn:aws:execute-api:eu-west-1:123456789012:api1/prod/GET/users/usr_1"
RSA_1 = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_2 = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)

Lines = Callable[[], list[dict[str, Any]]]


def public(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return algorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"} | more


class Issuer:
    """Serves a key set, and counts who asks."""

    def __init__(self) -> None:
        self.keys = [public(RSA_1, "one", alg="RS256"), public(EC, "ec", alg="ES256")]
        self.raw: bytes | None = None
        self.status = 200
        self.asked = 0
        self._running = ExitStack()
        self.url = f"{self._running.enter_context(serving(self._answer))}/jwks.json"

    def _answer(self, _: Asked) -> Reply:
        self.asked += 1
        body = self.raw if self.raw is not None else {"keys": self.keys}
        return Reply(body, self.status, {"Location": "/elsewhere"})

    def stop(self) -> None:
        self._running.close()


class Clock:
    """The monotonic clock, which a test moves on."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._real = time.monotonic

    def __call__(self) -> float:
        return self._real() + self.ahead


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.stop()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made)
    return made


@pytest.fixture
def verifier(issuer: Issuer) -> Verifier:
    return Verifier(Keys(issuer.url), ISSUER, AUDIENCE, "id")


def claims(**changes: Any) -> dict[str, Any]:
    """Return a token's claims; times may be given in seconds from now."""
    now = int(time.time())
    changes = {
        name: now + value if name in TIMES and isinstance(value, int) else value
        for name, value in changes.items()
    }
    made = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "5f3e",
        "iat": now,
        "exp": now + 3600,
        "token_use": "id",
        "custom:tenant": "acme",
        "cognito:username": "ada",
        "cognito:groups": ["admin"],
    } | changes
    return {name: value for name, value in made.items() if value is not None}


def token(key: Any = RSA_1, kid: str | None = "one", alg: str = "RS256", **changes: Any) -> str:
    headers = {} if kid is None else {"kid": kid}
    # Not jwt.encode, which refuses to make some of the tokens that we must refuse to take.
    payload = json.dumps(claims(**changes)).encode()
    return jwt.PyJWS().encode(payload, key, algorithm=alg, headers=headers)


def ask(verifier: Verifier, header: str) -> dict[str, Any]:
    event = {"type": "TOKEN", "authorizationToken": header, "methodArn": ARN}
    return authorize(event, lambda: verifier)


def is_refused(verifier: Verifier, header: str) -> bool:
    """Whether the answer is the one that API Gateway makes a 401 of."""
    with pytest.raises(Exception, match=r"^Unauthorized$") as refusal:
        ask(verifier, header)
    return type(refusal.value) is Exception


def test_a_good_token_lets_its_caller_in(verifier: Verifier) -> None:
    assert ask(verifier, f"Bearer {token()}") == {
        "principalId": "ada",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow",
                    "Resource": "arn:aws:execute-api:eu-west-1:123456789012:api1/prod/*",
                }
            ],
        },
        "context": {"tenant": "acme", "user": "ada", "role": "admin"},
    }


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_schemes_case_does_not_matter(verifier: Verifier, scheme: str) -> None:
    assert verifier.caller(f"{scheme} {token()}") == Caller("acme", "ada", "admin")


def test_a_token_signed_with_an_elliptic_curve_is_good(verifier: Verifier) -> None:
    assert verifier.caller(f"Bearer {token(EC, 'ec', 'ES256')}").user == "ada"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"cognito:groups": None}, Caller("acme", "ada", "member")),
        ({"cognito:groups": ["staff"]}, Caller("acme", "ada", "member")),
        ({"cognito:groups": {"admin": 1}}, Caller("acme", "ada", "member")),
        ({"cognito:username": None}, Caller("acme", "5f3e", "admin")),
        ({"token_use": None}, Caller("acme", "ada", "admin")),
        ({"aud": ["other", AUDIENCE]}, Caller("acme", "ada", "admin")),
        ({"exp": -5}, Caller("acme", "ada", "admin")),
    ],
)
def test_the_claims_say_who_it_is(
    verifier: Verifier, changes: dict[str, Any], expected: Caller
) -> None:
    assert verifier.caller(f"Bearer {token(**changes)}") == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://issuer.example/other"},
        {"iss": None},
        {"iss": 7},
        {"aud": "client-2"},
        {"aud": None},
        {"aud": {"a": 1}},
        {"exp": -120},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 600},
        {"iat": 600},
        {"iat": None},
        {"sub": None},
        {"sub": 7},
        {"token_use": "access"},
        {"token_use": ["id"]},
        {"custom:tenant": None},
        {"custom:tenant": ""},
        {"custom:tenant": "Acme"},
        {"custom:tenant": "acme#ORDER"},
        {"custom:tenant": "acme\n"},
        {"custom:tenant": "../globex"},
        {"custom:tenant": "*"},
        {"custom:tenant": ["acme"]},
        {"custom:tenant": "a" * 64},
        {"cognito:username": "a b"},
        {"cognito:username": "a" * 129},
        {"cognito:username": ["ada"]},
    ],
)
def test_a_token_with_wrong_claims_is_refused(verifier: Verifier, changes: dict[str, Any]) -> None:
    assert is_refused(verifier, f"Bearer {token(**changes)}")


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed_by_hand(header: Any, payload: Any, secret: bytes) -> str:
    text = f"{b64(header)}.{b64(payload)}"
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


PEM = RSA_1.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
GOOD_HEADER = {"alg": "RS256", "kid": "one", "typ": "JWT"}

MALFORMED = {
    "nothing": "",
    "another scheme": "Basic YWRhOmFkYQ==",
    "no scheme": token(),
    "no token": "Bearer ",
    "two tokens": f"Bearer {token()} {token()}",
    "two spaces": f"Bearer  {token()}",
    "a line break": f"Bearer {token()}\n",
    "two parts": "Bearer abc.def",
    "four parts": "Bearer a.b.c.d",
    "no base 64": "Bearer é.é.é",
    "header not JSON": f"Bearer {b64(b'junk')}.{b64(claims())}.AAAA",
    "header no object": f"Bearer {b64([1])}.{b64(claims())}.AAAA",
    "header too deep": f"Bearer {b64(b'[' * 3000)}.AAAA.AAAA",
    "payload not JSON": f"Bearer {b64(GOOD_HEADER)}.{b64(b'junk')}.AAAA",
    "signature junk": f"Bearer {b64(GOOD_HEADER)}.{b64(claims())}.AAAA",
    "algorithm none": f"Bearer {b64({'alg': 'none', 'kid': 'one'})}.{b64(claims())}.AAAA",
    "no algorithm": f"Bearer {b64({'kid': 'one'})}.{b64(claims())}.AAAA",
    "algorithm a list": f"Bearer {b64({'alg': ['RS256'], 'kid': 'one'})}.{b64(claims())}.AAAA",
    "no key id": f"Bearer {token(kid=None)}",
    "key id empty": f"Bearer {token(kid='')}",
    "key id a number": f"Bearer {b64(GOOD_HEADER | {'kid': 7})}.{b64(claims())}.AAAA",
    "key id an object": f"Bearer {b64(GOOD_HEADER | {'kid': {}})}.{b64(claims())}.AAAA",
    "critical header": f"Bearer {b64(GOOD_HEADER | {'crit': ['x'], 'x': 1})}.{b64(claims())}.AA",
    "detached": f"Bearer {b64(GOOD_HEADER | {'b64': False, 'crit': ['b64']})}.{b64(claims())}.AA",
    "the public key as a secret": "Bearer "
    + signed_by_hand({"alg": "HS256", "kid": "one"}, claims(), PEM),
    "RS384": f"Bearer {token(alg='RS384')}",
    "PS256": f"Bearer {token(alg='PS256')}",
    "another's key": f"Bearer {token(STRANGER)}",
    "another's key by a good name": f"Bearer {token(RSA_2, 'one')}",
    "RSA's key called EC's": f"Bearer {token(RSA_1, 'ec')}",
    "too long": f"Bearer {token(filler='x' * 9000)}",
    "a good token and junk behind": f"Bearer {token()}{'x' * 9000}",
}


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_token_that_proves_nothing_is_refused(
    verifier: Verifier, header: str, lines: Lines, metrics: Lines
) -> None:
    assert is_refused(verifier, header)
    (line,) = lines()
    assert line["message"] == "token refused"
    if len(header) > 20:
        assert header[-20:] not in json.dumps(line)
    assert [metric["TokensRefused"] for metric in metrics()] == [[1.0]]


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED.keys())
def test_no_malformed_token_makes_us_ask_the_issuer_more_than_once(
    verifier: Verifier, issuer: Issuer, header: str
) -> None:
    for _ in range(5):
        assert is_refused(verifier, header)
    assert issuer.asked <= 1


@pytest.mark.parametrize("alg", ["HS256", "none", "RS512"])
def test_what_is_not_signed_as_we_accept_it_never_makes_us_ask_the_issuer(
    verifier: Verifier, issuer: Issuer, alg: str
) -> None:
    header = b64({"alg": alg, "kid": "unknown"})
    assert is_refused(verifier, f"Bearer {header}.{b64(claims())}.AAAA")
    assert issuer.asked == 0


def test_a_missing_header_is_refused(verifier: Verifier) -> None:
    for event in ({"methodArn": ARN}, {"methodArn": ARN, "authorizationToken": None}):
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            authorize(event, lambda: verifier)


def test_the_keys_are_asked_for_once(verifier: Verifier, issuer: Issuer) -> None:
    for _ in range(20):
        verifier.caller(f"Bearer {token()}")
    assert issuer.asked == 1


def test_unknown_keys_make_us_ask_again_at_a_bounded_rate(
    verifier: Verifier, issuer: Issuer, clock: Clock
) -> None:
    verifier.caller(f"Bearer {token()}")
    for minute in range(5):
        clock.ahead = minute * (COOLDOWN_SECONDS + 1)
        for number in range(30):
            assert is_refused(verifier, f"Bearer {token(STRANGER, f'unknown-{minute}-{number}')}")
    assert 5 <= issuer.asked <= 6


def test_a_rotated_key_is_accepted_once_the_cooldown_is_over(
    verifier: Verifier, issuer: Issuer, clock: Clock
) -> None:
    verifier.caller(f"Bearer {token()}")
    issuer.keys = [public(RSA_2, "two", alg="RS256")]
    clock.ahead = COOLDOWN_SECONDS + 1
    assert verifier.caller(f"Bearer {token(RSA_2, 'two')}").user == "ada"
    assert is_refused(verifier, f"Bearer {token(RSA_1, 'one')}")


def test_a_withdrawn_key_is_refused_when_the_cache_is_old(
    verifier: Verifier, issuer: Issuer, clock: Clock
) -> None:
    verifier.caller(f"Bearer {token()}")
    issuer.keys = [public(RSA_2, "two", alg="RS256")]
    clock.ahead = authorizer.CACHE_SECONDS + 1
    assert is_refused(verifier, f"Bearer {token()}")


def test_while_the_issuer_is_down_the_keys_that_it_gave_are_good(
    verifier: Verifier, issuer: Issuer, clock: Clock, metrics: Lines
) -> None:
    verifier.caller(f"Bearer {token()}")
    issuer.stop()
    for ahead in (1, authorizer.CACHE_SECONDS + 1, STALE_SECONDS - 1):
        clock.ahead = ahead
        assert verifier.caller(f"Bearer {token()}").user == "ada"
        assert is_refused(verifier, f"Bearer {token(STRANGER, 'unknown')}")
    assert "KeySetUnavailable" in {name for metric in metrics() for name in metric}
    clock.ahead = STALE_SECONDS + authorizer.CACHE_SECONDS + 1
    with pytest.raises(PyJWKClientConnectionError):
        ask(verifier, f"Bearer {token()}")


def test_an_issuer_that_is_down_is_asked_at_a_bounded_rate_while_its_keys_are_good(
    verifier: Verifier, issuer: Issuer, clock: Clock
) -> None:
    verifier.caller(f"Bearer {token()}")
    issuer.status = 503
    clock.ahead = COOLDOWN_SECONDS + 1
    for number in range(30):
        assert is_refused(verifier, f"Bearer {token(STRANGER, f'unknown-{number}')}")
    assert issuer.asked == 2


@pytest.mark.parametrize("status", [301, 302, 404, 500, 503])
def test_an_issuer_without_keys_is_not_the_callers_fault(
    verifier: Verifier, issuer: Issuer, status: int
) -> None:
    issuer.status = status
    with pytest.raises(PyJWKClientConnectionError):
        ask(verifier, f"Bearer {token()}")
    issuer.status = 200
    assert verifier.caller(f"Bearer {token()}").user == "ada"


NO_KEY_SETS = {
    "nothing": b"",
    "a page": b"<html>",
    "no text": b"\xff",
    "a list": b"[]",
    "null": b"null",
    "an empty object": b"{}",
    "no keys": b'{"keys": []}',
    "keys that are text": b'{"keys": "x"}',
    "an empty key": b'{"keys": [{}]}',
    "a secret": b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "one", "use": "enc"}]}',
    "another use": json.dumps({"keys": [public(RSA_1, "one", use="enc")]}).encode(),
}


@pytest.mark.parametrize("raw", NO_KEY_SETS.values(), ids=NO_KEY_SETS)
def test_what_is_no_key_set_is_not_the_callers_fault(
    verifier: Verifier, issuer: Issuer, raw: bytes
) -> None:
    issuer.raw = raw
    with pytest.raises(PyJWKClientConnectionError):
        ask(verifier, f"Bearer {token()}")


@pytest.mark.parametrize("raw", NO_KEY_SETS.values(), ids=NO_KEY_SETS)
def test_what_is_no_key_set_does_not_replace_one(
    verifier: Verifier, issuer: Issuer, clock: Clock, raw: bytes
) -> None:
    verifier.caller(f"Bearer {token()}")
    issuer.raw = raw
    clock.ahead = authorizer.CACHE_SECONDS + 1
    for _ in range(3):
        assert verifier.caller(f"Bearer {token()}").user == "ada"
    assert issuer.asked == 2


def test_a_symmetric_key_in_the_key_set_signs_nothing(verifier: Verifier, issuer: Issuer) -> None:
    secret = b"s" * 32
    issuer.keys.append({"kty": "oct", "k": b64(secret), "kid": "oct", "alg": "HS256"})
    header = {"alg": "HS256", "kid": "oct"}
    assert is_refused(verifier, f"Bearer {signed_by_hand(header, claims(), secret)}")
    assert verifier.caller(f"Bearer {token()}").user == "ada"


def test_the_handler_is_made_from_the_settings(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorizer._connected.cache_clear()
    settings.__dict__.clear()
    for variable, value in {
        "JWKS_URL": issuer.url,
        "ISSUER": ISSUER,
        "AUDIENCE": AUDIENCE,
        "TOKEN_USE": "id",
    }.items():
        monkeypatch.setenv(variable, value)
    event = {"authorizationToken": f"Bearer {token()}", "methodArn": ARN}
    for _ in range(2):
        answer = authorizer.handler(event, None)
        assert answer["context"] == {"tenant": "acme", "user": "ada", "role": "admin"}
    assert issuer.asked == 1
    authorizer._connected.cache_clear()
    settings.__dict__.clear()


def test_a_refusal_names_its_reason(verifier: Verifier) -> None:
    with pytest.raises(Refused, match=r"^ExpiredSignatureError$"):
        verifier.caller(f"Bearer {token(exp=-120)}")
    with pytest.raises(Refused, match=r"^another kind of token$"):
        verifier.caller(f"Bearer {token(token_use='access')}")
