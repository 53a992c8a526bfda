"""Each night the payments at the provider and the orders are held against each other."""

from datetime import datetime

from orders.days import OfDay
from orders.reconciling import Reconciled, Reconciling
from runtime.capacity import Capacity
from runtime.metrics import count
from runtime.schedule import schedule


def reconcile_payments(asked: OfDay, reconciling: Reconciling, now: datetime) -> Reconciled:
    """Report what does not fit; a run for a day that was looked at before looks anew."""
    done = reconciling.run(asked.day(now), now=now)
    count("PaymentDifferences", done.differences)
    return done


handler = schedule(
    "cron(0 2 * * ? *)",
    reconcile_payments,
    capacity=Capacity(seconds=900, memory=1024),
    reconciling=Reconciling.connect,
)
