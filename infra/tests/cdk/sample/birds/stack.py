from infra.constructs.service_stack import ServiceStack


class BirdsStack(ServiceStack):
    def build(self) -> None:
        table = self.table()
        self.publisher(table)
        self.rest_api(reads=table, writes=table)
        self.reactions(writes=table)
        self.schedules(writes=table)
        retries = self.work_queue("retry")
        self.streams(table, retries.sending("RETRY_QUEUE_URL"))
        self.workers(queues={"retry": retries})
