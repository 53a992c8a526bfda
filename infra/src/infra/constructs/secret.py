"""Secrets: the key that signs a service's cursors, and what an operator is given by others."""

import json
from collections.abc import Mapping, Sequence

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.function import Access, Grant
from infra.constructs.reasons import acknowledge
from infra.stages import Stage


class CursorSecret(Construct):
    """A random key, made once, which the service's lists alone may read."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, service: str) -> None:
        super().__init__(scope, construct_id)
        self._secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            name=f"starling/{stage.name}/{service}/cursor",
            description=f"Signs the cursors of {service}'s lists",
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                password_length=64, exclude_punctuation=True
            ),
        )
        acknowledge(
            self._secret,
            "AwsSolutions-SMG4",
            "nothing outside the service holds it; a new value only ends the paging under way",
        )

    def reading(self) -> Access:
        """Return the access to read it."""
        return _reading("CURSOR_SECRET_ID", self._secret)


class GivenSecret(Construct):
    """A secret that somebody else gave, made empty: an operator puts it there.

    A deployment neither holds the value nor changes it (`aws secretsmanager put-secret-value`).

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, service, name
        Whose it is, and what it is called within the service.
    description
        What it is for.
    local
        Its value on a local stage, where nothing is secret.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        service: str,
        name: str,
        description: str,
        local: Mapping[str, str | Sequence[str]],
    ) -> None:
        super().__init__(scope, construct_id)
        self._secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            name=f"starling/{stage.name}/{service}/{name}",
            description=description,
            secret_string=json.dumps(local) if stage.local else None,
        )
        acknowledge(
            self._secret,
            "AwsSolutions-SMG4",
            "who gave it says when it changes, and an operator puts the new one there",
        )

    def reading(self, variable: str) -> Access:
        """Return the access to read it; the variable has its ARN."""
        return _reading(variable, self._secret)


def _reading(variable: str, secret: secretsmanager.CfnSecret) -> Access:
    return Access({variable: secret.ref}, [Grant(["secretsmanager:GetSecretValue"], [secret.ref])])
