"""The JWT authorizer of the REST APIs: any OIDC issuer, asymmetric signatures only.

It stands in the platform's stack, with a layer of its own: no other function needs to carry
cryptography. It lets a caller through to every method of the API, because API Gateway caches
its answer by token; what a role may do is the endpoint's to say.
"""

import re
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jwt
from jwt import PyJWK, PyJWKClient, PyJWKClientConnectionError, PyJWKSet

from runtime.identity import Caller, NoCaller, of_claims
from runtime.logs import follow, logger
from runtime.metrics import count
from runtime.settings import settings

ALGORITHMS = ("RS256", "ES256")
CACHE_SECONDS = 300
COOLDOWN_SECONDS = 30
STALE_SECONDS = 3600
LEEWAY_SECONDS = 30
MAX_TOKEN_BYTES = 8 * 1024
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)", re.IGNORECASE)


class Refused(Exception):
    """The token does not establish a caller; the message says why and holds nothing of it."""


class Keys(PyJWKClient):
    """The issuer's keys: cached, and asked for again on an unknown key id at a bounded rate.

    While the issuer cannot be reached, the keys that it gave last go on being good for
    `STALE_SECONDS`: its outage is not ours.

    Parameters
    ----------
    url
        Where the issuer publishes its key set.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, lifespan=CACHE_SECONDS, cooldown_duration=COOLDOWN_SECONDS, timeout=3)
        self._given: PyJWKSet | None = None
        self._given_at = 0.0

    def fetch_data(self) -> Any:
        """Return the key set as the issuer publishes it, or the one it gave last.

        Raises
        ------
        jwt.PyJWKClientConnectionError
            The issuer cannot be reached, or what it answers is no key set.
        """
        try:
            keys = PyJWKSet.from_dict(super().fetch_data())
            self._get_signing_keys_from_jwk_set(keys)
        except (jwt.PyJWTError, OSError, ValueError) as error:
            logger.warning("no keys from the issuer", reason=type(error).__name__)
            count("KeySetUnavailable")
            if self._given is None or time.monotonic() > self._given_at + STALE_SECONDS:
                raise PyJWKClientConnectionError("no keys from the issuer") from error
            return self._given
        self._given, self._given_at = keys, time.monotonic()
        return keys


class Verifier:
    """Verifies tokens of one issuer.

    Parameters
    ----------
    keys
        The issuer's keys.
    issuer, audience
        What the token must say.
    token_use
        What its ``token_use`` must say, where it has one; Cognito's ID tokens say ``id``.
    """

    def __init__(self, keys: PyJWKClient, issuer: str, audience: str, token_use: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._token_use = token_use

    @classmethod
    def connect(cls) -> "Verifier":
        """Return the verifier that the settings describe, the same one each time."""
        return _connected()

    def caller(self, header: str) -> Caller:
        """Return who sent an ``Authorization`` header.

        Raises
        ------
        Refused
            The token is malformed, not signed by the issuer, not for us, expired, not an ID
            token, or names no tenant.
        jwt.PyJWKClientConnectionError
            The issuer's keys cannot be fetched: the caller may be fine.
        """
        bearer = _BEARER.fullmatch(header) if len(header) <= MAX_TOKEN_BYTES else None
        if bearer is None:
            raise Refused("not a bearer token")
        try:
            claims = jwt.decode(
                bearer[1],
                self._key(bearer[1]),
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
            return of_claims(claims, self._token_use)
        except PyJWKClientConnectionError:
            raise
        except jwt.PyJWTError as error:
            raise Refused(type(error).__name__) from None
        except NoCaller as nobody:
            raise Refused(str(nobody)) from None

    def _key(self, token: str) -> PyJWK:
        header = jwt.get_unverified_header(token)
        # Checked before the keys are asked: junk must not make us ask the issuer.
        if header.get("alg") not in ALGORITHMS or not header.get("kid"):
            raise Refused("not signed as we accept it")
        return self._keys.get_signing_key(header["kid"])


def authorize(event: Mapping[str, Any], verifier: Callable[[], Verifier]) -> dict[str, Any]:
    """Return the policy for a caller.

    Parameters
    ----------
    event
        What API Gateway hands to a TOKEN authorizer.
    verifier
        Returns the verifier.

    Raises
    ------
    Exception
        ``Unauthorized``: the words that make API Gateway answer 401.
    """
    follow(None)
    try:
        caller = verifier().caller(event.get("authorizationToken") or "")
    except Refused as refused:
        logger.info("token refused", reason=str(refused))
        count("TokensRefused")
        raise Exception("Unauthorized") from None  # noqa: TRY002 - API Gateway knows this only
    # arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH: the whole stage, see above.
    stage = "/".join(str(event["methodArn"]).split("/")[:2])
    return {
        "principalId": caller.user,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{stage}/*"}
            ],
        },
        "context": caller._asdict(),
    }


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return authorize(event, Verifier.connect)


@cache
def _connected() -> Verifier:
    return Verifier(Keys(settings.jwks_url), settings.issuer, settings.audience, settings.token_use)
