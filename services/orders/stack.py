"""The stack of the orders service."""

from infra.constructs.service_stack import ServiceStack


class OrdersStack(ServiceStack):
    """Products, orders, and a replica of the customers."""

    def build(self) -> None:
        """Add what the functions do not say themselves."""
        table = self.table()
        self.publisher(table)
        queues = {"place-orders": self.work_queue("place-orders")}
        self.rest_api(reads=table, writes=table, queues=queues)
        self.reactions(writes=table)
        self.workers(table.reading(), table.writing(), queues=queues)
