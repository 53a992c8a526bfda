"""Queues: encrypted, reached over TLS alone, and each with a place for what cannot be handled."""

from collections.abc import Sequence

from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarm import alarm
from infra.constructs.arns import account
from infra.constructs.function import Access, Grant, policy
from infra.constructs.reasons import acknowledge
from infra.constructs.watching import AGE, DEAD, WAITING, show
from infra.stages import Stage

ATTEMPTS = 5
"""How often a message is received before it goes to the dead-letter queue."""

OLD_MINUTES = 15
"""How old the oldest message of a queue may get, unless its use says otherwise."""

_VISIBLE, _AGE = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
_DAY = 24 * 60 * 60  # seconds
_MESSAGES_FOR_DAYS = 4
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
    rules, topics
        ARNs of the rules and of the topics that may put messages into it.
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
        topics: Sequence[str] = (),
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
        _guard(self, self.arn, self._url, rules=rules, topics=topics)
        if alone:
            acknowledge(self._queue, "AwsSolutions-SQS3", "it is itself where failures are kept")
        alarm(
            self,
            "Alarm",
            stage=stage,
            name=name,
            description=holds,
            namespace="AWS/SQS",
            metric=_VISIBLE,
            dimensions={"QueueName": stage.named(name)},
        )
        show(DEAD, "AWS/SQS", "QueueName", stage.named(name), {_VISIBLE: ""})

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
    rules, buckets, topics
        ARNs of the rules, buckets and topics that may put messages into it.
    days
        How long a message is kept that nobody takes; behind it, failures are kept for 14.
    old_minutes
        How old the oldest message may get before it rings. SQS does not count those that were
        received over three times: they have their own ends.
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
        topics: Sequence[str] = (),
        days: int = _MESSAGES_FOR_DAYS,
        old_minutes: int = OLD_MINUTES,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetterQueue(
            self,
            "DeadLetters",
            stage=stage,
            name=f"{name}-dlq",
            holds=holds,
            rules=rules,
            topics=topics,
            alone=False,
        )
        self._queue = sqs.CfnQueue(
            self,
            "Queue",
            queue_name=stage.named(name),
            sqs_managed_sse_enabled=True,
            message_retention_period=days * _DAY,
            visibility_timeout=6 * handling,
            maximum_message_size=largest,
            redrive_policy={
                "deadLetterTargetArn": self.dead_letters.arn,
                "maxReceiveCount": attempts,
            },
        )
        self.arn, self._url = self._queue.attr_arn, self._queue.ref
        self._attempts = attempts
        self.policy = _guard(self, self.arn, self._url, rules=rules, buckets=buckets, topics=topics)
        alarm(
            self,
            "Old",
            stage=stage,
            name=f"{name}-old",
            description=f"A message of {stage.named(name)} waits for over {old_minutes} minutes.",
            namespace="AWS/SQS",
            metric=_AGE,
            dimensions={"QueueName": stage.named(name)},
            threshold=old_minutes * 60,  # the metric's unit is seconds
        )
        for graph, metric in ((WAITING, _VISIBLE), (AGE, _AGE)):
            show(graph, "AWS/SQS", "QueueName", stage.named(name), {metric: ""})

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
            Access({"QUEUE_URL": self._url, "QUEUE_ATTEMPTS": str(self._attempts)}, [receiving]),
            self.dead_letters.sending("DEAD_LETTER_QUEUE_URL"),
        )


def _guard(
    scope: Construct,
    arn: str,
    url: str,
    *,
    rules: Sequence[str] = (),
    buckets: Sequence[str] = (),
    topics: Sequence[str] = (),
) -> sqs.CfnQueuePolicy:
    """Let nobody in without TLS, and of AWS's services some rules, buckets and topics alone."""
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
        *(("sns.amazonaws.com", topic) for topic in topics),
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
