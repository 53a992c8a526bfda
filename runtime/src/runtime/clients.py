"""AWS clients: one of a kind a process, made when first used, with bounded waiting.

botocore alone, not boto3: resources and the session wrapper cost start-up and are not used
(docs/decisions).
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialResolver, EnvProvider

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_events.client import EventBridgeClient
    from types_boto3_rekognition.client import RekognitionClient
    from types_boto3_s3.client import S3Client
    from types_boto3_secretsmanager.client import SecretsManagerClient
    from types_boto3_sns.client import SNSClient
    from types_boto3_sqs.client import SQSClient
    from types_boto3_stepfunctions.client import SFNClient

CONNECT_SECONDS = 2
READ_SECONDS = 5
ATTEMPTS = 3
_PATIENCE = {"rekognition": 60, "s3": 60}  # to look at a picture, to copy a large file
# S3 takes forms and links that are signed by this version alone in all its regions.
_SIGNATURES = {"s3": "s3v4"}


@overload
def client(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def client(service: Literal["events"]) -> "EventBridgeClient": ...
@overload
def client(service: Literal["rekognition"]) -> "RekognitionClient": ...
@overload
def client(service: Literal["s3"]) -> "S3Client": ...
@overload
def client(service: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
@overload
def client(service: Literal["sns"]) -> "SNSClient": ...
@overload
def client(service: Literal["sqs"]) -> "SQSClient": ...
@overload
def client(service: Literal["stepfunctions"]) -> "SFNClient": ...
def client(service: str) -> Any:
    """Return the process's client of an AWS service.

    Parameters
    ----------
    service
        The service's name as botocore spells it.

    Returns
    -------
    botocore.client.BaseClient
        With timeouts of 2 s to connect and 5 s to read (60 s where a picture is looked at or a
        file copied), and 3 attempts in all, so that a call ends well within the function's timeout.
    """
    return _client(service)


@cache
def _client(service: str) -> Any:
    return _session().create_client(
        service,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=_PATIENCE.get(service, READ_SECONDS),
            signature_version=_SIGNATURES.get(service),
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        ),
    )


@cache
def _session() -> botocore.session.Session:
    session = botocore.session.Session()
    # Lambda gives a function its role's credentials in the environment. The other places to look
    # (files, SSO, instance metadata over HTTP) would only cost start-up and blur what is missing.
    session.register_component("credential_provider", CredentialResolver([EnvProvider()]))
    return session
