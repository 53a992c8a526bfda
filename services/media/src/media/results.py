"""What the processors leave in the media table: that they are done, and how pictures look.

=============================  ====================  ===========================================
pk                             sk                    what
=============================  ====================  ===========================================
TENANT#t#MEDIA#<id>            RESULT#<processor>    that a processor is done, with its event
TENANT#t#HASH#<band>#<value>   <id>                  a picture's perceptual hash, by a part of it
=============================  ====================  ===========================================
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from contracts.event import EventData
from media.domain.uploads import PROCESSORS
from runtime.cause import Cause
from runtime.changes import Create, Exists, Key, Project, Remove
from runtime.outbox import outgoing
from runtime.table import InTable

BANDS = 8
"""A hash of 64 bits in parts of 8: two that differ in 7 bits at most have one part in common."""

_NEAR = 200  # pictures that are compared by each part of a hash


class Results(InTable):
    """The processors' results of all tenants."""

    def is_done(self, tenant: str, media_id: str, processor: str) -> bool:
        """Whether a processor has answered for a picture."""
        return self._table.get(_result_key(tenant, media_id, processor)) is not None

    def done(
        self,
        tenant: str,
        media_id: str,
        processor: str,
        told: EventData,
        *,
        left: Mapping[str, Any],
        cause: Cause,
        now: datetime,
    ) -> None:
        """Write that a processor is done, with the event that says what it found.

        The first answer counts: a second one changes nothing and is not told.

        Parameters
        ----------
        tenant, media_id, processor
            Who looked at what.
        told
            The event.
        left
            What it left, to be removed with the picture; by its ``hash`` the picture is found.
        cause
            What led here.
        now
            The current time.
        """
        key = _result_key(tenant, media_id, processor)
        entry = outgoing(told, subject=f"{media_id}/{processor}", revision=1, cause=cause, now=now)
        found_by = left.get("hash")
        hashes = [] if found_by is None else _hash_keys(tenant, media_id, found_by)
        try:
            self._table.commit(
                Create(key=key, data=left, events=[entry]),
                *(Project(key=one, data={"hash": found_by}, revision=1) for one in hashes),
            )
        except Exists:
            return

    def alike(self, tenant: str, perceptual_hash: str) -> Iterator[tuple[str, str]]:
        """Yield ids and hashes of pictures of which a part of the hash is the same, some twice."""
        for key in _hash_keys(tenant, "", perceptual_hash):
            for stored in self._table.query(key.pk, limit=_NEAR, forward=False).items:
                yield stored.key.sk, str(stored.data["hash"])

    def widths(self, tenant: str, media_id: str) -> list[int]:
        """Return the widths of the copies that were made of a picture."""
        stored = self._table.get(_result_key(tenant, media_id, "thumbnails"))
        return list(stored.data["widths"]) if stored else []

    def forget(self, tenant: str, media_id: str) -> None:
        """Delete what the processors wrote, when the upload is gone."""
        keys = [_result_key(tenant, media_id, name) for name in PROCESSORS]
        for stored in self._table.get_many(keys).values():
            if found_by := stored.data.get("hash"):
                keys += _hash_keys(tenant, media_id, found_by)
        self._table.commit(*(Remove(key=key) for key in keys))


def _result_key(tenant: str, media_id: str, processor: str) -> Key:
    return Key(f"TENANT#{tenant}#MEDIA#{media_id}", f"RESULT#{processor}")


def _hash_keys(tenant: str, media_id: str, perceptual_hash: str) -> list[Key]:
    width = len(perceptual_hash) // BANDS
    parts = [perceptual_hash[band * width : (band + 1) * width] for band in range(BANDS)]
    return [Key(f"TENANT#{tenant}#HASH#{band}#{part}", media_id) for band, part in enumerate(parts)]
