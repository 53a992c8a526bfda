"""Two hundred pictures and processors that fail at random: each is told ready, none is lost."""

import random
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from media.processing import Processing
from media.schedules.give_up_waiting import give_up_waiting
from media.store import Media
from runtime.commits import Crash
from runtime.conformance import declared
from runtime.reaction import Reaction
from runtime.testing import Context, queue_event

ROUNDS, UPLOADS = 40, 5
"""Two hundred in all; in rounds, because the table in memory is copied by each transaction."""

ATTEMPTS = 5
"""How often a message is received before it goes to the dead-letter queue (infra)."""

REACTIONS: list[Reaction] = declared("media.reactions")
PROCESSORS = {"make_thumbnails": "thumbnails", "extract_metadata": "metadata"}


def make_unreliable(monkeypatch: pytest.MonkeyPatch, luck: random.Random) -> None:
    """Let every second use of the bucket or the table by a processor fail, or kill it."""
    begin, end = Processing.begin, Processing.end

    def fate() -> None:
        if luck.random() < 0.3:
            raise luck.choice([RuntimeError("broken"), Crash()])

    def unreliable_begin(processing: Processing, *arguments: Any) -> Any:
        fate()
        return begin(processing, *arguments)

    def unreliable_end(processing: Processing, *arguments: Any, **more: Any) -> None:
        fate()
        end(processing, *arguments, **more)
        fate()

    monkeypatch.setattr(Processing, "begin", unreliable_begin)
    monkeypatch.setattr(Processing, "end", unreliable_end)


def deliver(reaction: Reaction, event: dict[str, Any]) -> bool:
    """Deliver a message once; return whether it is done with."""
    try:
        return not reaction(queue_event(event), Context())["batchItemFailures"]
    except Crash:
        return False


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_none_of_two_hundred_is_lost(
    service: Any, make_picture: Any, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    luck = random.Random(seed)  # noqa: S311 - a seed, not a secret
    uploads = [service.upload(make_picture((48, 32), text=str(n))) for n in range(UPLOADS)]
    make_unreliable(monkeypatch, luck)
    dead: set[tuple[str, str]] = set()
    told: list[dict[str, Any]] = []
    waiting: deque[tuple[Reaction, dict[str, Any], int]] = deque()
    while True:
        fresh = service.news()
        told += fresh
        waiting += [
            (reaction, event, 1)
            for event in fresh
            for reaction in REACTIONS
            if reaction.detail_type == event["detail-type"]
        ]
        if not waiting:
            break
        waiting.rotate(luck.randrange(len(waiting)))
        reaction, event, attempt = waiting.popleft()
        if not deliver(reaction, event):
            if attempt < ATTEMPTS:
                waiting.append((reaction, event, attempt + 1))
            else:
                processor = PROCESSORS.get(reaction.name, "analysis")
                dead.add((event["detail"]["data"]["media_id"], processor))
    give_up_waiting({}, Media.connect(), datetime.now(UTC) + timedelta(hours=1))
    told += service.news()

    ready = [e["detail"]["data"] for e in told if e["detail-type"] == "MediaReady.v1"]
    assert Counter(one["media_id"] for one in ready) == dict.fromkeys(uploads, 1)
    missing = {(one["media_id"], name) for one in ready for name in one["missing"]}
    # A processor may have died after its answer, and so be in the queue though it answered.
    assert missing <= dead
    assert all(one["renditions"] for one in ready if "thumbnails" not in one["missing"])
