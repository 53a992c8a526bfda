"""Who a caller is: one reading of a verified token's claims, bounded before anything uses them.

Imports no model library: the authorizer reads it too.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Role = Literal["member", "admin"]

ID_TOKEN = "id"  # noqa: S105 - a kind of token
_TENANT = re.compile(r"[a-z][a-z0-9-]{0,62}")
_USER = re.compile(r"[\x21-\x7e]{1,128}")


class NoCaller(Exception):
    """Nobody is established; the message says why, and holds nothing of what was claimed."""


class Caller(NamedTuple):
    """Who asks: as the authorizer established, never as the request says."""

    tenant: str
    user: str
    role: Role


def established(tenant: object, user: object, *, admin: bool) -> Caller:
    """Return the caller, if tenant and user are of the alphabets that keys are made of.

    Raises
    ------
    NoCaller
        One is missing or is not.
    """
    if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
        raise NoCaller("no tenant")
    if not isinstance(user, str) or not _USER.fullmatch(user):
        raise NoCaller("no user")
    return Caller(tenant=tenant, user=user, role="admin" if admin else "member")


def of_claims(claims: Mapping[str, Any], token_use: str = ID_TOKEN) -> Caller:
    """Return the caller that a token's claims name; its signature was verified before.

    Parameters
    ----------
    claims
        As the issuer wrote them, or flattened to texts as an HTTP API hands them over.
    token_use
        What ``token_use`` must say, where there is one; Cognito's ID tokens say ``id``.

    Raises
    ------
    NoCaller
        It is another kind of token, or it names no tenant or user.
    """
    if claims.get("token_use", token_use) != token_use:
        raise NoCaller("another kind of token")
    groups = claims.get("cognito:groups")
    if isinstance(groups, str):
        # An HTTP API flattens a list into text: "[admin member]".
        groups = groups.strip("[]").split()
    return established(
        claims.get("custom:tenant"),
        claims.get("cognito:username") or claims.get("sub"),
        admin=isinstance(groups, list) and "admin" in groups,
    )
