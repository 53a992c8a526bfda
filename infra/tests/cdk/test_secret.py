"""Secrets that others gave: never in a template but a local stage's, and linted."""

import json
from typing import Any

import pytest
from aws_cdk import App, Stack, assertions

from infra.constructs.function import Access
from infra.constructs.secret import GivenSecret
from infra.stages import Stage

LOCAL = {"api_key": "sk_test_local", "webhook_secrets": ["whsec_local"]}


def made(app: App, stage: str) -> tuple[Access, dict[str, Any]]:
    """Return the access to a secret, and its properties in the template."""
    stack = Stack(app, "Shop")
    secret = GivenSecret(
        stack,
        "Payments",
        stage=Stage.of(stage),
        service="shop",
        name="payments",
        description="Of the payment provider",
        local=LOCAL,
    )
    template = assertions.Template.from_stack(stack).find_resources("AWS::SecretsManager::Secret")
    (resource,) = template.values()
    properties: dict[str, Any] = resource["Properties"]
    return secret.reading("PAYMENTS_SECRET_ARN"), properties


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_on_aws_it_is_made_empty(stage: str) -> None:
    _, properties = made(App(), stage)
    assert properties == {
        "Name": f"starling/{stage}/shop/payments",
        "Description": "Of the payment provider",
    }


def test_on_this_machine_it_has_a_value_of_its_own() -> None:
    _, properties = made(App(), "local")
    assert json.loads(properties["SecretString"]) == LOCAL


def test_who_reads_it_reads_it_alone() -> None:
    access, _ = made(App(), "prod")
    (grant,) = access.grants
    assert grant.actions == ["secretsmanager:GetSecretValue"]
    assert access.environment == {"PAYMENTS_SECRET_ARN": grant.resources[0]}
