"""The users table: the only module that knows its keys.

==========================  =========  ====================================================
pk                          sk         what
==========================  =========  ====================================================
TENANT#t#USER#<id>          USER       a user, or the tombstone of one
TENANT#t#EMAIL#<digest>     EMAIL      whose address it is: makes it unique in the tenant
==========================  =========  ====================================================

In gsi1, partition TENANT#t#USERS lists the users by id, tombstones left out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from contracts.event import EventData
from contracts.limits import Entry
from runtime.cause import Cause
from runtime.changes import Change, Create, Exists, Key, Remove, Update
from runtime.ids import new_ulid
from runtime.outbox import outgoing
from runtime.problems import NotFound
from runtime.table import InTable, Stored
from users.domain import events
from users.domain.problems import EmailTaken
from users.domain.users import Erased, User, email_digest

# Three times as long as an event of the user can come back: 14 days in a queue, 14 in its
# dead-letter queue, and the archive's retention (at most 90 days). Until then a deletion can be
# repeated, and told again.
TOMBSTONE_RETENTION = timedelta(days=365)


class Users(InTable):
    """The users of all tenants; each call is about one tenant's."""

    def find(self, tenant: str, user_id: str) -> User | Erased | None:
        """Return the user, or what remains of it, or None."""
        stored = self._table.get(_user_key(tenant, user_id))
        if stored is None:
            return None
        return _erased(stored) if stored.data["status"] == "erased" else _user(stored)

    def get(self, tenant: str, user_id: str) -> User:
        """Return the user.

        Raises
        ------
        NotFound
            There is none by that id, or not any more.
        """
        user = self.find(tenant, user_id)
        if not isinstance(user, User):
            raise NotFound("there is no user by that id")
        return user

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[User], str | None]:
        """Return part of the tenant's users in the order of their ids, and where it goes on."""
        part = self._table.query(_list(tenant), index="gsi1", limit=limit, after=after)
        return [_user(stored) for stored in part.items], part.last

    def add(self, user: User, *, cause: Cause, receipt: Change | None) -> None:
        """Write a new user, and that its address is taken, and the answer's receipt if any.

        Raises
        ------
        EmailTaken
            Another user of the tenant has the address.
        """
        self._commit(
            cause.tenant,
            user,
            # First, so that the same request in a race is known as such, not as a taken address.
            *([receipt] if receipt else []),
            Create(
                key=_user_key(cause.tenant, user.id),
                data=_data(user),
                events=_entries(user, user.created_at, cause, [events.registered(user)]),
                gsi1=Key(_list(cause.tenant), user.id),
            ),
            _claim(cause.tenant, user),
        )

    def replace(self, old: User, new: User, *, cause: Cause) -> None:
        """Write a changed user; a new address is claimed and the old one freed with it.

        It is told if others can see a difference.

        Raises
        ------
        EmailTaken
            Another user of the tenant has the address.
        """
        moved = email_digest(old.email) != email_digest(new.email)
        told = events.updated(old, new)
        self._commit(
            cause.tenant,
            new,
            Update(
                key=_user_key(cause.tenant, new.id),
                data=_data(new),
                revision=new.revision,
                expected=old.revision,
                events=_entries(new, new.updated_at, cause, *([[told]] if told else [])),
                gsi1=Key(_list(cause.tenant), new.id),
            ),
            *([_claim(cause.tenant, new), _release(cause.tenant, old)] if moved else []),
        )

    def erase(self, old: User, tombstone: Erased, *, cause: Cause) -> None:
        """Put the tombstone in the user's place, and free its address, in one write."""
        told = (events.deactivated(tombstone), [events.erased(tombstone)])
        self._table.commit(
            Update(
                key=_user_key(cause.tenant, tombstone.id),
                data=tombstone.model_dump(mode="json", exclude={"revision"}),
                revision=tombstone.revision,
                expected=old.revision,
                events=_entries(tombstone, tombstone.erased_at, cause, *told),
                expires_at=int((tombstone.erased_at + TOMBSTONE_RETENTION).timestamp()),
            ),
            _release(cause.tenant, old),
            *([Remove(key=Key(*old.receipt))] if old.receipt else []),
        )

    def _commit(self, tenant: str, user: User, *changes: Change) -> None:
        try:
            self._table.commit(*changes)
        except Exists as failure:
            if failure.change.key == _email_key(tenant, user.email):
                raise EmailTaken from failure
            raise


def _user_key(tenant: str, user_id: str) -> Key:
    return Key(f"TENANT#{tenant}#USER#{user_id}", "USER")


def _email_key(tenant: str, email: str) -> Key:
    return Key(f"TENANT#{tenant}#EMAIL#{email_digest(email)}", "EMAIL")


def _list(tenant: str) -> str:
    return f"TENANT#{tenant}#USERS"


def _claim(tenant: str, user: User) -> Change:
    return Create(key=_email_key(tenant, user.email), data={"user_id": user.id})


def _release(tenant: str, user: User) -> Change:
    return Remove(key=_email_key(tenant, user.email))


def _data(user: User) -> dict[str, Any]:
    return user.model_dump(mode="json", exclude={"revision"})


def _user(stored: Stored) -> User:
    return User(**stored.data, revision=stored.revision)


def _erased(stored: Stored) -> Erased:
    return Erased(**stored.data, revision=stored.revision)


def _entries(
    entity: User | Erased, at: datetime, cause: Cause, *facts: Sequence[EventData]
) -> list[Entry]:
    """Return the events of one change: the last has the entity's revision, others those before.

    Parameters
    ----------
    entity, at, cause
        What changed, when and why.
    facts
        In order; each in all of its majors, which share id and revision.
    """
    entries = []
    for revision, majors in enumerate(facts, entity.revision - len(facts) + 1):
        event_id = new_ulid()
        entries += [
            outgoing(
                payload,
                subject=entity.id,
                revision=revision,
                cause=cause,
                now=at,
                event_id=event_id,
            )
            for payload in majors
        ]
    return entries
