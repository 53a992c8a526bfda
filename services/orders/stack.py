"""The stack of the orders service."""

from collections.abc import Sequence

from infra.constructs.alarm import alarm, share_alarm
from infra.constructs.bucket import Bucket
from infra.constructs.function import Access
from infra.constructs.queue import WorkQueue
from infra.constructs.secret import GivenSecret
from infra.constructs.service_stack import ServiceStack
from infra.constructs.state_machine import Published, StateMachine
from infra.constructs.table import ServiceTable
from infra.constructs.topic import Topic
from infra.constructs.watching import Graph
from orders.notifications import EVENT_TYPE, EVENT_TYPES, TENANT
from orders.payments.circuit import NAME as BREAKER
from orders.workflow.claim_order import Placed
from runtime.metrics import NAMESPACE

APPROVAL_FROM = 100_000  # minor units of any currency: an order of so much needs a person's yes
# How long a payment waits while the provider is down, by type; and how often parcels are fetched.
EXPRESS_RETRY_SECONDS, STANDARD_RETRY_SECONDS, DISPATCH_SECONDS = 15, 60, 3600
LOCAL_RETRY_SECONDS, LOCAL_DISPATCH_SECONDS = 10, 4  # so that people see it happen
LOCAL_RECOVERY_SECONDS = 3
LOCAL_PAYMENTS = {"api_key": "sk_test_local", "webhook_secrets": ["whsec_local"]}
RECONCILIATION_DAYS = 400  # a year, and some time to look back at it
WEBHOOK_ATTEMPTS = 20  # an hour or two: while the provider is left alone, few get further
# Of fewer payments a share says little; a quarter is far more than cards decline on a usual day.
FAILING_PERCENT, PAYMENTS_TO_JUDGE, FAILING_SECONDS = 25, 20, 900
MAILING_SECONDS = 30  # what a mailer may take for one message
MAIL_DAYS = 7  # what fails after them is still kept for as long, as ages go on in a DLQ


class OrdersStack(ServiceStack):
    """Products, orders, and a replica of the customers."""

    def build(self) -> None:
        """Add what the functions do not say themselves."""
        table = self.table()
        self.publisher(table)
        topic = Topic(self, "OrderNotifications", stage=self.stage, name="order-notifications")
        queues = {
            "audit-notifications": self.work_queue("audit-notifications", topics=[topic.arn]),
            "catch-up": self.work_queue("catch-up"),
            "payment-webhooks": self.work_queue("payment-webhooks", attempts=WEBHOOK_ATTEMPTS),
            "place-orders": self.work_queue("place-orders"),
        }
        self._subscribe(topic, queues["audit-notifications"])
        self._watch_payments()
        payments = GivenSecret(
            self,
            "Payments",
            stage=self.stage,
            service=self.service.name,
            name="payments",
            description="The payment provider's API key, and the secrets of its webhooks",
            local=LOCAL_PAYMENTS,
        )
        secret = payments.reading("PAYMENTS_SECRET_ARN")
        paying = (secret, table.updating(), *self._sandbox())
        documents = Bucket(
            self,
            "Documents",
            stage=self.stage,
            name="orders-documents",
            days={"reconciliation/": RECONCILIATION_DAYS},
            rarely_read=["invoices/"],
            versioned=True,
        )
        telling = topic.publishing("NOTIFICATIONS_TOPIC_ARN")
        fulfilment = self._fulfilment(table, queues["catch-up"], documents, paying, telling)
        answering = fulfilment.answering()
        hooks = queues["payment-webhooks"].sending("PAYMENT_WEBHOOKS_QUEUE_URL")
        self.rest_api(
            reads=table,
            writes=table,
            queues=queues,
            more={
                "answer-approval": [answering],
                "get-invoice": [documents.access("DOCUMENTS_BUCKET", GetObject=["invoices/"])],
                "get-report": [documents.access("DOCUMENTS_BUCKET", GetObject=["reports/"])],
                "pay-order": [answering],
                "receive-payment-webhook": [secret, hooks],
            },
        )
        self.reactions(writes=table, more={"on-order-cancelled": [*paying, telling, answering]})
        self.workers(
            table.reading(),
            table.writing(),
            queues=queues,
            more={"catch-up": [*paying, telling, answering], "payment-webhooks": paying},
        )
        self._clocks(table, documents, paying, [telling, answering])

    def _clocks(
        self,
        table: ServiceTable,
        documents: Bucket,
        paying: Sequence[Access],
        giving_up: Sequence[Access],
    ) -> None:
        """Add what the clock starts, and the alarm on what the reconciliation finds."""

        def written(prefix: str) -> Access:
            return documents.access("DOCUMENTS_BUCKET", PutObject=[prefix])

        self.schedules(
            writes=table,
            more={
                "clean-up-unpaid": [*paying, *giving_up],
                "daily-report": [written("reports/")],
                "reconcile-payments": [*paying, written("reconciliation/")],
            },
        )
        alarm(
            self,
            "PaymentDifferences",
            stage=self.stage,
            name=f"{self.service.name}-payment-differences",
            description="Payments at the provider do not fit the orders.",
            namespace=NAMESPACE,
            metric="PaymentDifferences",
            dimensions={"stage": self.stage.name, "service": self.service.name},
        )

    def _fulfilment(
        self,
        table: ServiceTable,
        parked: WorkQueue,
        documents: Bucket,
        paying: Sequence[Access],
        telling: Access,
    ) -> StateMachine:
        """Carry each order from its placing to its end."""
        local = self.stage.local
        terms = {
            "APPROVAL_FROM": APPROVAL_FROM,
            "EXPRESS_RETRY_SECONDS": LOCAL_RETRY_SECONDS if local else EXPRESS_RETRY_SECONDS,
            "STANDARD_RETRY_SECONDS": LOCAL_RETRY_SECONDS if local else STANDARD_RETRY_SECONDS,
        }
        rounds = LOCAL_DISPATCH_SECONDS if local else DISPATCH_SECONDS
        return self.workflow(
            "fulfilment",
            table.reading(),
            table.writing(),
            reaches=[parked.dead_letters.sending("CATCH_UP_URL")],
            started=Published(Placed.source, Placed.detail_type),
            more={
                "arrange-shipment": [Access({"DISPATCH_SECONDS": str(rounds)})],
                "issue-invoice": [documents.access("DOCUMENTS_BUCKET", PutObject=["invoices/"])],
                "notify-customer": [telling],
                "process-payment": paying,
                "refund-payment": paying,
                "validate-order": [Access({name: str(value) for name, value in terms.items()})],
            },
        )

    def _sandbox(self) -> Sequence[Access]:
        """Return where a local stage's payments go; elsewhere they go to the provider."""
        url = self.stage.payments_url
        seconds = str(LOCAL_RECOVERY_SECONDS)
        return [Access({"PAYMENTS_URL": url, "PAYMENTS_RECOVERY_SECONDS": seconds})] if url else []

    def _watch_payments(self) -> None:
        """Show how payments go, and ring when the provider is left alone or too many fail."""
        seen, service = self.seen, self.service.name
        captured = seen.own("PaymentsCaptured", "captured")
        failed = [
            seen.own("PaymentsDeclined", "declined"),
            seen.own("PaymentsUnavailable", "provider not there"),
        ]
        opened = seen.own("BreakerOpened", "opened", breaker=BREAKER)
        refused = seen.own("BreakerRefusals", "calls refused", breaker=BREAKER)
        seen.show(Graph("Payments"), captured, *failed)
        seen.show(Graph("Payment provider: circuit breaker"), opened, refused)
        alarm(
            self,
            "BreakerOpen",
            stage=self.stage,
            name=f"{service}-breaker-open",
            description="The payment provider does not answer, and is left alone.",
            namespace=opened.namespace,
            metric=opened.name,  # again with each probe that fails
            dimensions=opened.dimensions,
        )
        share_alarm(
            self,
            "PaymentsFailing",
            stage=self.stage,
            name=f"{service}-payments-failing",
            description=f"{FAILING_PERCENT} % of the payments or more do not succeed.",
            bad=failed,
            good=[captured],
            percent=FAILING_PERCENT,
            least=PAYMENTS_TO_JUDGE,
            period=FAILING_SECONDS,
        )

    def _subscribe(self, topic: Topic, audit: WorkQueue) -> None:
        """Let what customers are told go to the audit, and into a queue for whoever mails it."""
        emails = WorkQueue(
            self,
            "OrderEmails",
            stage=self.stage,
            name="order-emails",
            holds="A mailer could not handle what a customer is to be told.",
            handling=MAILING_SECONDS,
            topics=[topic.arn],
            days=MAIL_DAYS,
            old_minutes=MAIL_DAYS * 24 * 60 // 2,
        )
        topic.subscribe("ToEmails", emails, chosen={EVENT_TYPE: EVENT_TYPES, TENANT: ()})
        topic.subscribe("ToAudit", audit, chosen={EVENT_TYPE: (), TENANT: ()})
