"""Where the payments sandbox of a local stage sends its webhooks: to the orders that are deployed.

An operator says the same to the provider, once a stage on AWS.
"""

import json

import httpx

from infra import aws
from infra.errors import StarlingError
from infra.outputs import api_of
from infra.stages import Stage

SERVICE = "orders"
PATH = "/webhooks/payments"
_SECONDS = 10.0


def aim(stage: Stage) -> str | None:
    """Let the payments sandbox tell orders what becomes of payments, signed as orders expect it.

    Parameters
    ----------
    stage
        A local stage that runs.

    Returns
    -------
    str or None
        The address that it sends to; None if orders is not deployed.

    Raises
    ------
    StarlingError
        If the sandbox does not take it.
    """
    api = api_of(stage, SERVICE)
    if api is None:
        return None
    url = f"{api}{PATH}"
    secret = aws.client(stage, "secretsmanager").get_secret_value(
        SecretId=f"starling/{stage.name}/{SERVICE}/payments"
    )
    wanted = {"url": url, "secrets": json.loads(secret["SecretString"])["webhook_secrets"]}
    try:
        with httpx.Client(trust_env=False, timeout=_SECONDS) as http:  # no proxy leads there
            http.post(f"{stage.payments_url}/_webhooks", json=wanted).raise_for_status()
    except httpx.HTTPError as error:
        raise StarlingError(
            f"The payments sandbox cannot be told where webhooks go: {error}",
            f"See whether it runs: starling status --stage {stage.name}.",
        ) from error
    return url
