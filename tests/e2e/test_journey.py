from infra.journey import Journey
from tests.e2e.client import UnderTest


def test_an_order_travels_through_all_services(stage: UnderTest) -> None:
    journey = Journey(stage.apis, stage.sign_in, home=stage.fresh_name(), abroad=stage.fresh_name())
    journey.run()
    assert {hop.service for hop in journey.hops} == {
        "users",
        "orders",
        "media",
        "search-sync",
        "all",
    }
