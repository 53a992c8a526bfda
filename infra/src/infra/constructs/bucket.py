"""Buckets: private, encrypted, reached over TLS alone; what is in them ends when it has served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.arns import account, partition
from infra.constructs.function import Access, Grant, keep_unless_disposable, policy
from infra.constructs.queue import WorkQueue
from infra.constructs.reasons import acknowledge
from infra.stages import Stage

_ABANDONED_AFTER = 1  # days that parts of an upload that was never finished are kept
_OLD_VERSIONS_FOR = 30  # days


@dataclass(frozen=True)
class Told:
    """Who is told of new objects.

    Attributes
    ----------
    queue
        Where a message for each goes.
    prefix, suffix
        Of the objects' keys.
    """

    queue: WorkQueue
    prefix: str
    suffix: str = ""


def bucket_name(stage: Stage, name: str) -> str:
    """Return a bucket's name, which the account makes the world's only one."""
    return f"{stage.named(name)}-{account()}"


def bucket_arn(stage: Stage, name: str) -> str:
    """Return a bucket's ARN by its name, for who has to know it before it is made."""
    return f"arn:{partition()}:s3:::{bucket_name(stage, name)}"


class Bucket(Construct):
    """A service's bucket.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, name
        The stage: outside disposable ones the bucket is kept; and its name within it.
    days
        After how many days objects go, by the prefix of their keys.
    rarely_read
        Prefixes of what is moved to cheaper storage where it is not read.
    versioned
        Whether a changed or deleted object can be brought back, on stages that last.
    told
        Queues that hear of new objects; their policies admit the bucket.
    on_the_bus
        Whether EventBridge's default bus hears of new objects.
    origins
        Web origins whose pages may send objects here.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        name: str,
        days: Mapping[str, int],
        rarely_read: Sequence[str] = (),
        versioned: bool = False,
        told: Sequence[Told] = (),
        on_the_bus: bool = False,
        origins: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        of = s3.CfnBucket
        self._arn = bucket_arn(stage, name)
        bucket = of(
            self,
            "Bucket",
            bucket_name=bucket_name(stage, name),
            bucket_encryption=of.BucketEncryptionProperty(
                server_side_encryption_configuration=[
                    of.ServerSideEncryptionRuleProperty(
                        server_side_encryption_by_default=of.ServerSideEncryptionByDefaultProperty(
                            sse_algorithm="AES256"
                        )
                    )
                ]
            ),
            public_access_block_configuration=of.PublicAccessBlockConfigurationProperty(
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            ),
            ownership_controls=of.OwnershipControlsProperty(
                rules=[of.OwnershipControlsRuleProperty(object_ownership="BucketOwnerEnforced")]
            ),
            versioning_configuration=of.VersioningConfigurationProperty(status="Enabled")
            if versioned and not stage.disposable
            else None,
            lifecycle_configuration=of.LifecycleConfigurationProperty(
                rules=_lifecycle(days, rarely_read)
            ),
            cors_configuration=_cors(origins) if origins else None,
            notification_configuration=_notifications(told, on_the_bus),
        )
        keep_unless_disposable(bucket, stage)
        acknowledge(
            bucket,
            "AwsSolutions-S1",
            "who did what is in the service's own logs and in CloudTrail's data events",
        )
        for one in told:  # S3 tries the queue when it is told of it
            bucket.node.add_dependency(one.queue.policy)
        closed = policy([_without_tls(bucket.attr_arn)])
        s3.CfnBucketPolicy(self, "Policy", bucket=bucket.ref, policy_document=closed)
        self.name = bucket.ref

    def access(self, variable: str, **prefixes: Sequence[str]) -> Access:
        """Return an access to objects.

        Parameters
        ----------
        variable
            The variable that names the bucket to a function.
        **prefixes
            By action without its service, like ``GetObject``: the prefixes of the keys.
        """
        grants = [
            Grant([f"s3:{action}"], [f"{self._arn}/{prefix}*" for prefix in of])
            for action, of in sorted(prefixes.items())
        ]
        if "GetObject" in prefixes:
            # S3 says that there is no such object only to who might list it (GetObject, API
            # reference); to others it says that access is denied.
            grants.append(Grant(["s3:ListBucket"], [self._arn]))

        def admit(role: iam.CfnRole) -> None:
            shown = self._arn.replace(partition(), "<AWS::Partition>").replace(
                account(), "<AWS::AccountId>"
            )
            for prefix in sorted({prefix for of in prefixes.values() for prefix in of}):
                acknowledge(
                    role,
                    f"AwsSolutions-IAM5[Resource::{shown}/{prefix}*]",
                    "the objects of all tenants under one prefix; keys begin with the tenant",
                )

        return Access({variable: self.name}, grants, admit)


def _without_tls(arn: str) -> dict[str, object]:
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _lifecycle(
    days: Mapping[str, int], rarely_read: Sequence[str]
) -> list[s3.CfnBucket.RuleProperty]:
    of = s3.CfnBucket
    rules = [
        of.RuleProperty(
            id="what is left behind",
            status="Enabled",
            abort_incomplete_multipart_upload=of.AbortIncompleteMultipartUploadProperty(
                days_after_initiation=_ABANDONED_AFTER
            ),
            noncurrent_version_expiration=of.NoncurrentVersionExpirationProperty(
                noncurrent_days=_OLD_VERSIONS_FOR
            ),
        )
    ]
    rules += [
        of.RuleProperty(id=f"{prefix} ends", status="Enabled", prefix=prefix, expiration_in_days=n)
        for prefix, n in days.items()
    ]
    rules += [
        of.RuleProperty(
            id=f"{prefix} rests",
            status="Enabled",
            prefix=prefix,
            transitions=[
                of.TransitionProperty(storage_class="INTELLIGENT_TIERING", transition_in_days=30)
            ],
        )
        for prefix in rarely_read
    ]
    return rules


def _cors(origins: Sequence[str]) -> s3.CfnBucket.CorsConfigurationProperty:
    of = s3.CfnBucket
    return of.CorsConfigurationProperty(
        cors_rules=[
            of.CorsRuleProperty(
                allowed_methods=["GET", "POST"],
                allowed_origins=list(origins),
                allowed_headers=["*"],
                max_age=3600,
            )
        ]
    )


def _notifications(
    told: Sequence[Told], on_the_bus: bool
) -> s3.CfnBucket.NotificationConfigurationProperty | None:
    if not told and not on_the_bus:
        return None
    of = s3.CfnBucket
    queues = []
    for one in told:
        rules = [of.FilterRuleProperty(name="prefix", value=one.prefix)]
        if one.suffix:
            rules.append(of.FilterRuleProperty(name="suffix", value=one.suffix))
        queues.append(
            of.QueueConfigurationProperty(
                event="s3:ObjectCreated:*",
                queue=one.queue.arn,
                filter=of.NotificationFilterProperty(s3_key=of.S3KeyFilterProperty(rules=rules)),
            )
        )
    return of.NotificationConfigurationProperty(
        queue_configurations=queues,
        event_bridge_configuration=of.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        if on_the_bus
        else None,
    )
