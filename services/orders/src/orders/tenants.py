"""The tenants that orders knows of: for what is done for each of them, and asked for by none.

=========  ===  =================================
pk         sk   what
=========  ===  =================================
TENANTS    <t>  a tenant with at least one customer
=========  ===  =================================
"""

from collections.abc import Iterator
from contextlib import suppress

from runtime.changes import Create, Exists, Key
from runtime.table import InTable, Table

_TENANTS = "TENANTS"


class Tenants(InTable):
    """The tenants: one that was known once stays known, as its orders do."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._known: set[str] = set()

    def remember(self, tenant: str) -> None:
        """Remember a tenant; it costs a write the first time that this process is told of it."""
        if tenant in self._known:
            return
        with suppress(Exists):  # another process was told before
            self._table.commit(Create(key=Key(_TENANTS, tenant), data={}))
        self._known.add(tenant)

    def every(self) -> Iterator[str]:
        """Yield every tenant, in order of name."""
        for stored in self._table.every(_TENANTS):
            yield stored.key.sk
