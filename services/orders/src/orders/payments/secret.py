"""The secret shared with the payment provider: never in the environment, a log or an error."""

import json
import re
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from orders.payments.model import ProviderUnavailable
from runtime.clients import client
from runtime.settings import SECRET, read

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient

CACHE_SECONDS = 300
MAX_WEBHOOK_SECRETS = 4
_API_KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{1,250}")
_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]{1,250}")


class BadSecret(ProviderUnavailable):
    """The secret is not as it is written down in the service's README."""


class Keys(NamedTuple):
    """What the secret holds."""

    api_key: str
    webhook_secrets: tuple[str, ...]

    def __repr__(self) -> str:
        """Tell nothing."""
        return "Keys()"


class PaymentSecret:
    """The secret, read when it is first needed and again every five minutes.

    Parameters
    ----------
    secretsmanager
        A client of Secrets Manager.
    secret_id
        The secret's name or ARN.
    clock
        Seconds that pass.
    """

    def __init__(
        self,
        secretsmanager: "SecretsManagerClient",
        secret_id: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secretsmanager: Any = secretsmanager
        self._secret_id = secret_id
        self._clock = clock
        self._known: tuple[float, Keys] | None = None

    @classmethod
    def connect(cls) -> "PaymentSecret":
        """Return the secret that ``PAYMENTS_SECRET_ARN`` names, the same one each time."""
        return _connected(read("PAYMENTS_SECRET_ARN", SECRET))

    def keys(self) -> Keys:
        """Return what it holds.

        Raises
        ------
        ProviderUnavailable
            It cannot be read just now, or nobody has put it there yet.
        BadSecret
            It is not as it should be.
        """
        known = self._known
        if known is None or self._clock() >= known[0] + CACHE_SECONDS:
            known = self._known = (self._clock(), self._read())
        return known[1]

    def forget(self) -> None:
        """Read it anew next time: the provider does not take the key any more."""
        self._known = None

    def _read(self) -> Keys:
        try:
            answer = self._secretsmanager.get_secret_value(SecretId=self._secret_id)
        except (BotoCoreError, ClientError) as error:
            raise ProviderUnavailable("the payment secret cannot be read") from error
        return _keys(answer.get("SecretString", ""))


def _keys(text: str) -> Keys:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise BadSecret("the payment secret is no JSON object")
    api_key, secrets = document.get("api_key"), document.get("webhook_secrets")
    if not isinstance(api_key, str) or not _API_KEY.fullmatch(api_key):
        raise BadSecret("the payment secret has no api_key")
    if not isinstance(secrets, list) or not 1 <= len(secrets) <= MAX_WEBHOOK_SECRETS:
        raise BadSecret("the payment secret has no list of webhook_secrets")
    if not all(isinstance(one, str) and _WEBHOOK_SECRET.fullmatch(one) for one in secrets):
        raise BadSecret("the payment secret has a webhook secret that is none")
    return Keys(api_key, tuple(secrets))


@cache
def _connected(secret_id: str) -> PaymentSecret:
    return PaymentSecret(client("secretsmanager"), secret_id)
