"""Topics: one message to many queues, each of which takes what it asks for."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.alarm import alarm
from infra.constructs.arns import arn
from infra.constructs.function import Access, Grant, policy
from infra.constructs.queue import WorkQueue
from infra.constructs.watching import TOLD, show
from infra.stages import Stage

# AWS's own key for SNS: who may publish may use it, and it costs nothing. A queue behind the topic
# has SQS's own encryption, so the topic needs no key of the queue's either.
_KEY = "alias/aws/sns"


class Topic(Construct):
    """An encrypted topic, reached over TLS alone, to which the roles that it admits may publish.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, name
        The stage, and the topic's name within it.

    Attributes
    ----------
    arn
        Its ARN by its name, without a reference: a queue admits the topic before it subscribes.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, name: str) -> None:
        super().__init__(scope, construct_id)
        self.name = stage.named(name)
        self.arn = arn("sns", self.name)
        self._topic = sns.CfnTopic(self, "Topic", topic_name=self.name, kms_master_key_id=_KEY)
        self._publishers: list[str] = []
        self._policy = sns.CfnTopicPolicy(
            self, "Policy", topics=[self._topic.ref], policy_document=self._document()
        )
        alarm(
            self,
            "Lost",
            stage=stage,
            name=f"{name}-lost",
            description=f"A message of {self.name} reached neither a subscriber nor its DLQ.",
            namespace="AWS/SNS",
            metric="NumberOfNotificationsFailedToRedriveToDlq",
            dimensions={"TopicName": self.name},
        )
        metrics = {
            "NumberOfMessagesPublished": "published",
            "NumberOfNotificationsFailed": "not delivered",
        }
        show(TOLD, "AWS/SNS", "TopicName", self.name, metrics, called=name)

    def publishing(self, variable: str) -> Access:
        """Return the access to publish to it; the variable has its ARN."""
        ref = self._topic.ref

        def admit(role: iam.CfnRole) -> None:
            self._publishers.append(role.attr_arn)
            self._policy.policy_document = self._document()

        return Access({variable: ref}, [Grant(["sns:Publish"], [ref])], admit)

    def subscribe(
        self,
        construct_id: str,
        queue: WorkQueue,
        *,
        chosen: Mapping[str, Sequence[str]],
    ) -> None:
        """Send a queue the messages that it asks for, as they were published.

        What cannot be put into the queue goes to the dead-letter queue behind it. Both must admit
        the topic.

        Parameters
        ----------
        construct_id
            The subscription's.
        queue
            Where they go.
        chosen
            The values that are wanted of a message's attributes, by their names; any, if none is
            said. A message without the attribute does not come.
        """
        sns.CfnSubscription(
            self,
            construct_id,
            topic_arn=self._topic.ref,
            protocol="sqs",
            endpoint=queue.arn,
            raw_message_delivery=True,
            filter_policy={
                name: list(values) or [{"exists": True}] for name, values in chosen.items()
            },
            filter_policy_scope="MessageAttributes",
            redrive_policy={"deadLetterTargetArn": queue.dead_letters.arn},
        )

    def _document(self) -> dict[str, object]:
        """Deny what does not come over TLS, and whoever was not admitted."""
        here = [self._topic.ref]
        refused = {"Effect": "Deny", "Principal": "*", "Resource": here}
        without_tls = {
            **refused,
            "Action": "sns:Publish",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        strangers = {
            **refused,
            "Action": "sns:Publish",
            # Of a role's session it is the role.
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": list(self._publishers)}},
        }
        return policy([without_tls, *([strangers] if self._publishers else [])])
