"""The inbox: the mark that a fact was handled, committed together with its effect."""

from datetime import datetime, timedelta

from runtime.changes import Change, Create, Key

# Longer than a message can come back: 14 days in a queue, 14 in its dead-letter queue (SQS's
# maximum, both) and the archive's retention (at most 90 days, infra/stages.py).
RETENTION = timedelta(days=120)


class Mark(Create):
    """Marks a fact as handled; fails if it is marked already."""


def mark(*, tenant: str, reaction: str, event_id: str, part: str, now: datetime) -> Change:
    """Return the mark of a fact.

    Parameters
    ----------
    tenant, reaction, event_id
        Which event, and who handled it.
    part
        Which part of the effect, where it takes more than one commit.
    now
        The current time: a mark that has expired by it counts as gone, whether or not TTL has
        deleted it.
    """
    return Mark(
        key=Key(f"TENANT#{tenant}#INBOX#{reaction}#{event_id}", f"MARK#{part}"),
        data={},
        expires_at=int((now + RETENTION).timestamp()),
        now=int(now.timestamp()),
    )
