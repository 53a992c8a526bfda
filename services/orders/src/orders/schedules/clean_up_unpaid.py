"""Orders that are not paid in time are given up, and what they had goes back."""

from datetime import datetime, timedelta

from orders.unpaid import CleanedUp, CleanUp
from runtime.capacity import Capacity
from runtime.metrics import count
from runtime.schedule import Input, schedule

_CAPACITY = Capacity(seconds=300)
_LAST_ORDER = timedelta(seconds=60)
"""What the last order may take: a few calls to the provider, each within 12 seconds."""


class NotAllDone(Exception):
    """Some orders could not be cleaned up: the next run tries again, a person looks why."""


def clean_up_unpaid(_asked: Input, clean_up: CleanUp, now: datetime) -> CleanedUp:
    """Go through them until all are done, or the time of a run is nearly over."""
    until = now + timedelta(seconds=_CAPACITY.seconds) - _LAST_ORDER
    done = clean_up.run(now=now, until=until)
    count("OrdersOverdue", done.rejected)
    if done.failed:
        raise NotAllDone(str(done))
    return done


handler = schedule("rate(1 hour)", clean_up_unpaid, capacity=_CAPACITY, clean_up=CleanUp.connect)
