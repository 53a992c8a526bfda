"""Queues: encrypted, reached over TLS alone, and each with a place for what cannot be handled."""

from collections.abc import Sequence

from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarm import alarm
from infra.constructs.arns import account
from infra.constructs.function import Access, Grant, policy
from infra.constructs.reasons import acknowledge
from infra.stages import Stage

ATTEMPTS = 5
"""How often a message is received before it goes to the dead-letter queue."""

_DAY = 24 * 60 * 60  # seconds
_MESSAGES_FOR = 4 * _DAY
_FAILURES_FOR = 14 * _DAY  # the longest that SQS keeps a message


class DeadLetterQueue(Construct):
    """Keeps what could not be handled for 14 days, and rings as soon as anything is in it.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, name
        The stage, and the queue's name within it.
    holds
        What a message in it means, for the alarm's text.
    rules
        ARNs of the rules that may put messages into it.
    alone
        Whether it stands for itself, not behind another queue.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        name: str,
        holds: str,
        rules: Sequence[str] = (),
        alone: bool = True,
    ) -> None:
        super().__init__(scope, construct_id)
        self._queue = sqs.CfnQueue(
            self,
            "Queue",
            queue_name=stage.named(name),
            sqs_managed_sse_enabled=True,
            message_retention_period=_FAILURES_FOR,
        )
        self.arn, self._url = self._queue.attr_arn, self._queue.ref
        _guard(self, self.arn, self._url, rules)
        if alone:
            acknowledge(self._queue, "AwsSolutions-SQS3", "it is itself where failures are kept")
        alarm(
            self,
            "Alarm",
            stage=stage,
            name=name,
            description=f"{holds} The service's README says what to do.",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": stage.named(name)},
        )

    def sending(self, variable: str | None = None) -> Access:
        """Return the access to put messages into it.

        Parameters
        ----------
        variable
            The name under which a function finds its URL, if it sends by itself.
        """
        url = {variable: self._url} if variable else {}
        return Access(url, [Grant(["sqs:SendMessage"], [self.arn])])


class WorkQueue(Construct):
    """A queue that one function consumes, with its dead-letter queue.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, name
        The stage, and the queue's name within it.
    holds
        What it means when a message could not be handled, for the alarm's text.
    handling
        The consumer's timeout in seconds: a message stays invisible for six times as long, as
        Lambda asks.
    attempts
        How often a message is received before it goes to the dead-letter queue. With the
        longest delays of the runtime (7.5 minutes on average) 500 take 2.6 days, and a message
        must get there before it is 4 days old and forgotten.
    rules, buckets
        ARNs of the rules and of the buckets that may put messages into it.
    largest
        Of a message and its attributes, in bytes, if that is bounded by less than SQS does.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        name: str,
        holds: str,
        handling: int,
        largest: int | None = None,
        attempts: int = ATTEMPTS,
        rules: Sequence[str] = (),
        buckets: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetterQueue(
            self,
            "DeadLetters",
            stage=stage,
            name=f"{name}-dlq",
            holds=holds,
            rules=rules,
            alone=False,
        )
        self._queue = sqs.CfnQueue(
            self,
            "Queue",
            queue_name=stage.named(name),
            sqs_managed_sse_enabled=True,
            message_retention_period=_MESSAGES_FOR,
            visibility_timeout=6 * handling,
            maximum_message_size=largest,
            redrive_policy={
                "deadLetterTargetArn": self.dead_letters.arn,
                "maxReceiveCount": attempts,
            },
        )
        self.arn, self._url = self._queue.attr_arn, self._queue.ref
        self.policy = _guard(self, self.arn, self._url, rules, buckets)

    @property
    def name(self) -> str:
        """Its name, once it is there."""
        return self._queue.attr_queue_name

    def sending(self, variable: str) -> Access:
        """Return the access to put messages into it; the variable names its URL."""
        return Access({variable: self._url}, [Grant(["sqs:SendMessage"], [self.arn])])

    def consuming(self) -> tuple[Access, Access]:
        """Return the accesses of its consumer: to receive, to delay and to give up messages."""
        receiving = Grant(
            [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            ],
            [self.arn],
        )
        return (
            Access({"QUEUE_URL": self._url}, [receiving]),
            self.dead_letters.sending("DEAD_LETTER_QUEUE_URL"),
        )


def _guard(
    scope: Construct,
    arn: str,
    url: str,
    rules: Sequence[str] = (),
    buckets: Sequence[str] = (),
) -> sqs.CfnQueuePolicy:
    """Let nobody in without TLS, and of AWS's services some rules and buckets alone."""
    without_tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": [arn],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    sources = [
        *(("events.amazonaws.com", rule) for rule in rules),
        *(("s3.amazonaws.com", bucket) for bucket in buckets),
    ]
    admitted = [
        Grant(["sqs:SendMessage"], [arn]).statement(
            Principal={"Service": principal},
            Condition={
                "ArnEquals": {"aws:SourceArn": source},
                # A bucket's ARN does not say whose it is.
                **({"StringEquals": {"aws:SourceAccount": account()}} if source in buckets else {}),
            },
        )
        for principal, source in sources
    ]
    return sqs.CfnQueuePolicy(
        scope, "Policy", queues=[url], policy_document=policy([without_tls, *admitted])
    )
