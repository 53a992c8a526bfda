"""A picture whose processors have had their time is ready without those that are missing."""

from datetime import datetime
from typing import Any

from media import aggregate
from media.store import Media
from runtime.metrics import count
from runtime.schedule import schedule


def give_up_waiting(_event: dict[str, Any], media: Media, now: datetime) -> None:
    """Look at each deadline that is over; run twice, the second time finds none."""
    for due in media.due(now):
        if aggregate.give_up(media, due.tenant, due.media_id, now=now):
            count("PicturesIncomplete")
        else:  # it became ready or was deleted while this came
            media.drop_deadline(due)


handler = schedule("rate(1 minute)", give_up_waiting, media=Media.connect)
