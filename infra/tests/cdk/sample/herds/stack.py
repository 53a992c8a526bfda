from infra.constructs.bucket import Bucket
from infra.constructs.service_stack import ServiceStack
from infra.constructs.state_machine import Created


class HerdsStack(ServiceStack):
    def build(self) -> None:
        pasture = Bucket(
            self, "Pasture", stage=self.stage, name="herds-pasture", days={}, on_the_bus=True
        )
        self.workflow(
            "census",
            reaches=[pasture.access("PASTURE", GetObject=["herds/"])],
            started=Created(pasture.name, "herds/"),
        )
