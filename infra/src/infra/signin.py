"""Signing in to a stage's user pool, for people who try it and for tests."""

import re
import secrets
from contextlib import suppress
from typing import Any, Literal

from infra import aws
from infra.errors import StarlingError
from infra.outputs import platform_outputs
from infra.stages import Stage

Role = Literal["admin", "member"]
ROLES: tuple[Role, ...] = ("admin", "member")
_TENANT = re.compile(r"[a-z][a-z0-9-]{0,62}")
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+@-]{0,62}")
_ATTEMPTS = 5


def sign_in(stage: Stage, tenant: str, user: str, role: Role = "member") -> str:
    """Return an ID token of a user of a tenant, who is made if there is none.

    The user gets a new random password each time, so that none has to be kept anywhere.

    Parameters
    ----------
    stage
        A stage that is up; never one that serves customers.
    tenant
        The tenant (`custom:tenant` of the token).
    user
        A name within the tenant.
    role
        The one group of the user afterwards.

    Raises
    ------
    StarlingError
        If the stage's name says production, or a name is not valid.
    """
    if stage.name.split("-")[0] in ("prod", "production"):
        raise StarlingError(f"{stage.name!r} is a production stage: nobody is signed in there so.")
    if not _TENANT.fullmatch(tenant):
        raise StarlingError(f"{tenant!r} is not a tenant: small letters, digits and hyphens.")
    if not _USER.fullmatch(user):
        raise StarlingError(f"{user!r} is not a user name: letters, digits and _ + @ - only.")
    platform = platform_outputs(stage)
    pool = platform["UserPoolId"]
    idp = aws.client(stage, "cognito-idp")
    who = {"UserPoolId": pool, "Username": f"{tenant}.{user}"}  # names are unique in the pool
    _make(idp, who, tenant)
    for group in ROLES:
        change = idp.admin_add_user_to_group if group == role else idp.admin_remove_user_from_group
        change(**who, GroupName=group)
    for _ in range(_ATTEMPTS):
        with suppress(idp.exceptions.NotAuthorizedException):  # another sign-in came between
            return _token(idp, who, platform["UserPoolClientId"])
    raise StarlingError(f"{who['Username']} cannot sign in: its password keeps being changed.")


def _make(idp: Any, who: dict[str, str], tenant: str) -> None:
    attributes = [{"Name": "custom:tenant", "Value": tenant}]
    with suppress(idp.exceptions.UsernameExistsException):
        idp.admin_create_user(**who, MessageAction="SUPPRESS", UserAttributes=attributes)


def _token(idp: Any, who: dict[str, str], client: str) -> str:
    password = secrets.token_urlsafe(24) + "aA1!"  # every class that the pool's policy asks for
    idp.admin_set_user_password(**who, Password=password, Permanent=True)
    answer = idp.admin_initiate_auth(
        UserPoolId=who["UserPoolId"],
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": who["Username"], "PASSWORD": password},
    )
    return str(answer["AuthenticationResult"]["IdToken"])
