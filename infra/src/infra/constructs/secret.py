"""The key that signs a service's cursors."""

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
        name = self._secret.ref
        return Access(
            {"CURSOR_SECRET_ID": name}, [Grant(["secretsmanager:GetSecretValue"], [name])]
        )
