"""The uploads in the media table. `media.results` knows the other keys of it.

=========================  ==================  ==============================================
pk                         sk                  what
=========================  ==================  ==============================================
TENANT#t#MEDIA#<id>        UPLOAD              an upload, or the tombstone of one
TENANT#t#PERSON#<user>     UPLOAD#<id>         that an upload is a person's
TENANT#t#PERSON#<user>     ERASED              that a person is erased: nothing more is kept
DEADLINES                  <time>#<t>#<id>     when a picture's processors have had their time
=========================  ==================  ==============================================

In gsi1, partition TENANT#t#MEDIA lists the uploads by id, tombstones left out. A person's uploads
are in no index, because those lag: whoever erases a person must miss none. DEADLINES alone is not a
tenant's: one clock serves all.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from contracts.event import EventData
from contracts.limits import Entry
from media.domain.uploads import Origin, Upload
from runtime.cause import Cause
from runtime.changes import (
    Change,
    Create,
    Key,
    Outdated,
    Project,
    Remove,
    Require,
    RevisionConflict,
    Unmet,
    Update,
)
from runtime.outbox import outgoing
from runtime.problems import NotFound
from runtime.table import InTable, Stored

# A form is good for 15 minutes; what has not arrived by then was given up.
UNUSED_RETENTION = timedelta(days=1)
# As long as an event of the upload can come back: 14 days in a queue, 14 in its dead-letter queue,
# and the archive's retention (at most 90 days).
TOMBSTONE_RETENTION = timedelta(days=365)

_DEADLINES = "DEADLINES"
_ATTEMPTS = 5  # of a change that others race with


class PersonErased(Exception):
    """The person was erased: nothing of theirs is kept any more."""


class Due(NamedTuple):
    """A picture whose processors have had their time."""

    tenant: str
    media_id: str
    at: datetime


class Media(InTable):
    """The uploads of all tenants; each call but `due` is about one tenant's."""

    def find(self, tenant: str, media_id: str) -> Upload | None:
        """Return the upload, or what remains of it, or None."""
        stored = self._table.get(_key(tenant, media_id))
        return None if stored is None else _upload(stored)

    def get(self, tenant: str, media_id: str) -> Upload:
        """Return the upload.

        Raises
        ------
        NotFound
            There is none by that id, or not any more.
        """
        upload = self.find(tenant, media_id)
        if upload is None or upload.status == "deleted":
            raise NotFound("there is no upload by that id")
        return upload

    def page(
        self, tenant: str, *, limit: int, after: str | None
    ) -> tuple[list[Upload], str | None]:
        """Return part of the tenant's uploads in the order of their ids, and where it goes on."""
        part = self._table.query(_list(tenant), index="gsi1", limit=limit, after=after)
        return [_upload(stored) for stored in part.items], part.last

    def of(self, tenant: str, person: str) -> Iterator[str]:
        """Yield the ids of a person's uploads, none that was written before missed."""
        pk, prefix = _owned_key(tenant, person, "")
        for stored in self._table.every(pk, prefix=prefix):
            yield stored.key.sk.removeprefix(prefix)

    def add(self, tenant: str, upload: Upload, *, receipt: Change | None) -> None:
        """Write an upload that was asked for, and the answer's receipt if any.

        Raises
        ------
        PersonErased
            Whose it would be was erased.
        """
        unused = int((upload.created_at + UNUSED_RETENTION).timestamp())
        try:
            self._table.commit(
                # First, so that the same request in a race is known as such.
                *([receipt] if receipt else []),
                Create(
                    key=_key(tenant, upload.id),
                    data=_data(upload),
                    expires_at=unused,
                    gsi1=Key(_list(tenant), upload.id),
                ),
                Create(
                    key=_owned_key(tenant, upload.person, upload.id), data={}, expires_at=unused
                ),
                Require(key=_person_key(tenant, upload.person), revision=0),
            )
        except Unmet as failure:
            raise PersonErased from failure

    def replace(
        self,
        tenant: str,
        old: Upload,
        new: Upload,
        *,
        told: Sequence[EventData] = (),
        causation_id: str,
    ) -> None:
        """Write a changed upload with the event of the change, and when it is due.

        Parameters
        ----------
        tenant
            Whose it is.
        old, new
            The upload before and after.
        told
            The event, if the change is told.
        causation_id
            What directly led here.
        """
        gone = new.status == "deleted"
        expires = int((new.updated_at + TOMBSTONE_RETENTION).timestamp()) if gone else None
        self._table.commit(
            Update(
                key=_key(tenant, new.id),
                data=_data(new),
                revision=new.revision,
                expected=old.revision,
                events=[_entry(event, tenant, new, causation_id) for event in told],
                expires_at=expires,
                gsi1=None if gone else Key(_list(tenant), new.id),
            ),
            *_owned(tenant, old, new),
            *_deadline(tenant, old, new),
        )

    def change(
        self,
        tenant: str,
        media_id: str,
        rule: Callable[[Upload], Upload],
        *,
        tell: Callable[[Upload], EventData | None] = lambda _: None,
        causation_id: str,
    ) -> Upload | None:
        """Apply a rule to an upload as it is, again if another change comes between.

        Parameters
        ----------
        tenant, media_id
            Which upload.
        rule
            Returns the upload after the change; the same object, if there is none.
        tell
            Returns the event of the change, given the upload after it; None if it is not told.
        causation_id
            What directly led here.

        Returns
        -------
        Upload or None
            As it is now; None if there is none.

        Raises
        ------
        runtime.changes.RevisionConflict
            Others kept changing it.
        """
        for attempt in range(_ATTEMPTS):
            old = self.find(tenant, media_id)
            if old is None or (new := rule(old)) is old:
                return old
            event = tell(new)
            told = [] if event is None else [event]
            try:
                self.replace(tenant, old, new, told=told, causation_id=causation_id)
            except RevisionConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return new
        return None  # pragma: no cover - the last attempt returns or raises

    def due(self, now: datetime) -> Iterator[Due]:
        """Yield the pictures of all tenants whose processors have had their time, oldest first."""
        for stored in self._table.every(_DEADLINES):
            at, tenant, media_id = stored.key.sk.split("#")
            when = datetime.fromisoformat(at)
            if when > now:
                return
            yield Due(tenant, media_id, when)

    def drop_deadline(self, due: Due) -> None:
        """Delete a deadline that nothing waits for."""
        self._table.commit(Remove(key=_deadline_key(due.tenant, due.media_id, due.at)))

    def erase_person(self, tenant: str, person: str, revision: int) -> None:
        """Write that nothing of a person's is kept from now on."""
        try:
            self._table.commit(Project(key=_person_key(tenant, person), data={}, revision=revision))
        except Outdated:
            return  # it is known


def _key(tenant: str, media_id: str) -> Key:
    return Key(f"TENANT#{tenant}#MEDIA#{media_id}", "UPLOAD")


def _person_key(tenant: str, person: str) -> Key:
    return Key(f"TENANT#{tenant}#PERSON#{person}", "ERASED")


def _deadline_key(tenant: str, media_id: str, at: datetime) -> Key:
    return Key(
        _DEADLINES, f"{at.astimezone(UTC).isoformat(timespec='seconds')}#{tenant}#{media_id}"
    )


def _list(tenant: str) -> str:
    return f"TENANT#{tenant}#MEDIA"


def _owned_key(tenant: str, person: str, media_id: str) -> Key:
    return Key(f"TENANT#{tenant}#PERSON#{person}", f"UPLOAD#{media_id}")


def _owned(tenant: str, old: Upload, new: Upload) -> list[Change]:
    """Return what keeps the note of whose it is as long as the upload itself."""
    key = _owned_key(tenant, new.person, new.id)
    if new.status == "deleted":
        return [Remove(key=key)]
    if old.status == "awaiting_upload":  # it does not expire any more
        return [Project(key=key, data={}, revision=new.revision)]
    return []


def _deadline(tenant: str, old: Upload, new: Upload) -> list[Change]:
    """Return what changes the deadline along with the upload."""
    if old.deadline == new.deadline:
        return []
    changes: list[Change] = []
    if old.deadline:
        changes.append(Remove(key=_deadline_key(tenant, old.id, old.deadline)))
    if new.deadline:
        key = _deadline_key(tenant, new.id, new.deadline)
        changes.append(Project(key=key, data={}, revision=1))
    return changes


def _data(upload: Upload) -> dict[str, Any]:
    return upload.model_dump(mode="json", exclude={"revision"})


def _upload(stored: Stored) -> Upload:
    return Upload(**stored.data, revision=stored.revision)


def _entry(event: EventData, tenant: str, upload: Upload, causation_id: str) -> Entry:
    origin: Origin = upload.origin
    cause = Cause(
        tenant=tenant,
        correlation_id=origin.correlation_id,
        causation_id=causation_id,
        traceparent=origin.traceparent,
    )
    return outgoing(
        event, subject=upload.id, revision=upload.revision, cause=cause, now=upload.updated_at
    )
