from itertools import pairwise

from infra.journey import Journey
from infra.mail import mailbox
from tests.e2e.client import UnderTest


def test_orders_travel_through_all_services(stage: UnderTest) -> None:
    with mailbox(stage.stage) as told:
        journey = Journey(
            stage.stage,
            stage.apis,
            stage.sign_in,
            told,
            home=stage.fresh_name(),
            abroad=stage.fresh_name(),
        )
        journey.run()
    wanted = {"users", "orders", "media", "search-sync", "all"}
    local = {"payments"} if stage.stage.local else set()
    assert {hop.service for hop in journey.hops} == wanted | local
    for begin, end in pairwise([*journey.chapters, len(journey.hops)]):
        searched = [hop for hop in journey.hops[begin:end] if hop.service == "search-sync"]
        assert searched, f"nothing is looked for in {journey.chapters[begin]!r}"
