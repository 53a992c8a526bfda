"""Buckets: private, encrypted, reached over TLS alone."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.reasons import acknowledge
from infra.stages import Stage


class Bucket(Construct):
    """A service's bucket; its name is CloudFormation's, because bucket names are the world's.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage
        The stage: outside disposable ones the bucket is kept, and its objects are versioned.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=not stage.disposable,
            removal_policy=RemovalPolicy.DESTROY if stage.disposable else RemovalPolicy.RETAIN,
        )
        acknowledge(
            self.bucket,
            "AwsSolutions-S1",
            "who did what is in the service's own logs and in CloudTrail's data events",
        )
