"""The stack of the search-sync service."""

from infra.constructs.alarm import alarm
from infra.constructs.search_engine import SearchEngine
from infra.constructs.service_stack import ServiceStack


class SearchSyncStack(ServiceStack):
    """The projection of users, orders and pictures, the index that it feeds, search and graph."""

    def build(self) -> None:
        """Add what the functions do not say themselves."""
        engine = SearchEngine(self, "Engine", stage=self.stage, bundle=self.bundle)
        table = self.table()
        self.reactions(writes=table)
        # The engine may be down for days: each document is tried for 2.6 days on average.
        retries = self.work_queue("retry-index", attempts=500)
        self.streams(table, engine.writing(), retries.sending("RETRY_QUEUE_URL"))
        self.workers(table.reading(), engine.writing(), queues={"retry-index": retries})
        self.http_api(engine.reading())
        self.graph_api(engine.reading(), table=table)
        alarm(
            self,
            "Behind",
            stage=self.stage,
            name="search-sync-behind",
            description="Documents have been waiting for the search engine for 15 minutes.",
            # Not the oldest message's age: SQS leaves out what was received over three times.
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesNotVisible",
            dimensions={"QueueName": self.stage.named("search-sync-retry-index")},
            minutes=15,
        )
