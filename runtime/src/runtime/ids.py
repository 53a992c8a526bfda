"""New ids: ULIDs, so that they sort by time of making."""

from ulid import ULID


def new_ulid() -> str:
    """Return a new ULID: 26 characters of Crockford's base 32."""
    return str(ULID())


def new_id(prefix: str) -> str:
    """Return a new entity id, such as ``ord_01J…``.

    Parameters
    ----------
    prefix
        The kind of entity, without the underscore.
    """
    return f"{prefix}_{ULID()}"
