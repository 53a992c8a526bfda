"""Cursors: where a list goes on, signed, so that a client can neither forge nor move one."""

import hashlib
import json
from functools import cache

from itsdangerous import BadData, URLSafeSerializer

from runtime.clients import client
from runtime.problems import FieldError, InvalidCursor
from runtime.settings import settings


class Cursors:
    """Issues and reads cursors.

    Parameters
    ----------
    key
        What signs them: the same for all instances of the service.
    """

    def __init__(self, key: str) -> None:
        self._key = key

    @classmethod
    def connect(cls) -> "Cursors":
        """Return cursors signed by the service's own secret, read once a process."""
        return _connected()

    def issue(self, tenant: str, scope: str, last: str) -> str:
        """Return a cursor.

        Parameters
        ----------
        tenant
            The only tenant who may use it.
        scope
            The only list that it is good for, its filters included.
        last
            Where the list goes on.
        """
        return str(self._signed(tenant, scope).dumps(last))

    def read(self, tenant: str, scope: str, cursor: str | None) -> str | None:
        """Return where the list goes on; None, for no cursor, is its beginning.

        Raises
        ------
        InvalidCursor
            It was not issued here for this tenant and list.
        """
        if cursor is None:
            return None
        try:
            last = self._signed(tenant, scope).loads(cursor)
        except (BadData, UnicodeError):
            raise InvalidCursor(
                "this cursor was not issued for this list",
                errors=[FieldError("cursor", "not issued for this list")],
            ) from None
        return str(last)

    def _signed(self, tenant: str, scope: str) -> URLSafeSerializer:
        # JSON keeps the parts apart: ("a", "bc") and ("ab", "c") sign differently.
        return URLSafeSerializer(
            self._key,
            salt=json.dumps([tenant, scope]),
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )


@cache
def _connected() -> Cursors:
    secret = client("secretsmanager").get_secret_value(SecretId=settings.cursor_secret_id)
    return Cursors(secret["SecretString"])
