"""The indexes behind the service's two names: what they are made of, and who takes whose place.

What is searched is behind `ALIAS`. An index behind `STANDBY` is written as well: the one that a
reindex fills, and afterwards the one whose place it took. Writers know both by these names alone,
so that a swap, which is one change of the engine's state, leaves no write behind.
"""

import json
import re
from importlib.resources import files
from typing import Any, Final, NamedTuple

from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from search_sync.engine.client import ALIAS, INDEX

STANDBY: Final = f"{ALIAS}-standby"

VERSIONS: Final = f"{ALIAS}-v*"
"""All indexes of the service, by name; nobody may ask about others (`operations.admit_roles`)."""

_VERSION = re.compile(re.escape(ALIAS) + r"-v(\d+)(-\d{14})?")
_EXISTS = "resource_already_exists_exception"


class Standing(NamedTuple):
    """Which index is searched, and which is written beside it; None where there is none."""

    searched: str | None
    standby: str | None


def definition(alias: str | None = ALIAS) -> dict[str, Any]:
    """Return what the code's index is made of, behind an alias or none."""
    text = files("search_sync.indexes").joinpath(f"{INDEX}.json").read_text("utf-8")
    body: dict[str, Any] = json.loads(text)
    body["aliases"] = {alias: {"is_write_index": True}} if alias else {}
    return body


def version_of(index: str) -> int | None:
    """Return the version of the mapping that an index was made with, by its name."""
    found = _VERSION.fullmatch(index)
    return int(found[1]) if found else None


class Indexes:
    """The indexes of one engine.

    Parameters
    ----------
    client
        A client of the engine.
    """

    def __init__(self, client: OpenSearch) -> None:
        self._client: Any = client

    def standing(self) -> Standing:
        """Return which index is behind which name; one that is about to go is behind none."""
        searched = standby = None
        for index, found in self._client.indices.get_alias(
            index=VERSIONS, name=f"{ALIAS}*"
        ).items():
            aliases = found["aliases"]
            if ALIAS in aliases:
                searched = index
            if aliases.get(STANDBY, {}).get("is_write_index", False):
                standby = index
        return Standing(searched, standby)

    def create(self) -> None:
        """Make the index that is searched, unless another process is faster."""
        try:
            self._client.indices.create(index=INDEX, body=definition())
        except RequestError as error:
            if error.error != _EXISTS:
                raise

    def create_standby(self, stamp: str) -> str:
        """Make an empty index that is written from now on but not searched; return its name.

        Parameters
        ----------
        stamp
            When: ``yyyymmddhhmmss``.
        """
        name = f"{INDEX}-{stamp}"
        if not self._client.indices.exists_alias(index=VERSIONS, name=STANDBY):
            # By that name there may be an index, which a deletion made when there was no alias.
            self._client.indices.delete(index=STANDBY, params={"ignore": 404})
        self._client.indices.create(index=name, body=definition(STANDBY))
        return name

    def swap(self) -> Standing:
        """Let the two change places, in one step, and return how they stand then."""
        searched, standby = self.standing()
        if searched is None or standby is None:
            raise LookupError("there are no two indexes to change places")
        actions = [
            {"remove": {"index": searched, "alias": ALIAS, "must_exist": True}},
            {"remove": {"index": standby, "alias": STANDBY, "must_exist": True}},
            {"add": {"index": standby, "alias": ALIAS, "is_write_index": True}},
            {"add": {"index": searched, "alias": STANDBY, "is_write_index": True}},
        ]
        self._client.indices.update_aliases(body={"actions": actions})
        return Standing(standby, searched)

    def close_standby(self) -> list[str]:
        """Let nobody write the standby from now on; return what is to be deleted once nobody does.

        Its name stays until then: to delete a document by a name that is gone makes an index.
        """
        found = self._client.indices.get_alias(index=VERSIONS, name=f"{STANDBY}*")
        closing = [
            {"add": {"index": index, "alias": STANDBY, "is_write_index": False}} for index in found
        ]
        if closing:
            self._client.indices.update_aliases(body={"actions": closing})
        return sorted(found)

    def closed(self) -> list[str]:
        """Return the indexes that stood by and are to be deleted."""
        found = self._client.indices.get_alias(index=VERSIONS, name=f"{STANDBY}*")
        standby = self.standing().standby
        return sorted(index for index in found if index != standby)

    def delete(self, index: str) -> None:
        """Delete an index that is not searched."""
        if index == self.standing().searched:
            raise LookupError(f"{index} is searched")
        self._client.indices.delete(index=index, params={"ignore": 404})

    def refresh(self, index: str) -> None:
        """Let all be found that was written."""
        self._client.indices.refresh(index=index)

    def documents(self, index: str) -> int:
        """Return how many documents can be found in an index."""
        return int(self._client.count(index=index)["count"])

    def drift(self, index: str) -> list[str]:
        """Return where an index differs from what the code would make; empty if nowhere.

        Each is a path within the definition, like ``mappings.properties.name``.
        """
        found = self._client.indices.get(index=index)[index]
        wanted = definition()
        settings = wanted["settings"]["index"]
        asked = {"analysis", *settings}  # the engine has more of its own
        live = {name: value for name, value in found["settings"]["index"].items() if name in asked}
        return [
            *_differences("mappings", wanted["mappings"], found["mappings"]),
            *_differences("settings.index", settings, live),
        ]


def _differences(path: str, wanted: Any, live: Any) -> list[str]:
    if isinstance(wanted, dict) and isinstance(live, dict):
        inside = sorted(wanted.keys() | live.keys())
        return [
            difference
            for name in inside
            for difference in _differences(f"{path}.{name}", wanted.get(name), live.get(name))
        ]
    return [] if _plain(wanted) == _plain(live) else [path]


def _plain(value: Any) -> Any:
    """Return a value as the engine writes it: a list of texts."""
    if isinstance(value, list | tuple):
        return [one for part in value for one in _plain(part)]
    return [str(value).lower()] if isinstance(value, bool) else [str(value)]
