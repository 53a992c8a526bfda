"""Identifiers: every one has a pattern that bounds its alphabet and its length."""

from typing import Annotated

from pydantic import Field

ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
"""A ULID in Crockford's base 32, upper case; the first digit keeps it within 128 bits."""

TenantId = Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,62}$")]
"""A marketplace tenant: a DNS label, so that it may stand in names and keys."""

UserId = Annotated[str, Field(pattern=f"^usr_{ULID}$")]
"""A user of a tenant."""

OrderId = Annotated[str, Field(pattern=f"^ord_{ULID}$")]
"""An order."""

MediaId = Annotated[str, Field(pattern=f"^med_{ULID}$")]
"""An upload of a tenant."""

EventId = Annotated[str, Field(pattern=f"^{ULID}$")]
"""One event: ours, because EventBridge gives a forwarded event a new id."""

Sku = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A product, in the words of the tenant who sells it."""

CorrelationId = Annotated[str, Field(pattern="^[A-Za-z0-9._:-]{1,128}$")]
"""The request that all that follows from it has in common; also what caused an event."""

TraceParent = Annotated[str, Field(pattern="^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")]
"""A position in a trace, as W3C Trace Context writes it."""
