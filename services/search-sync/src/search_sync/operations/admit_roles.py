"""Tells the engine what each role may do in it; the deployment runs this, as the engine's master.

An engine on AWS takes a role by its ARN for a *backend role*. What is granted here is the least
that `search_sync.engine` needs: a test runs it all, and what it is refused, on the real engine.
"""

from typing import Annotated, Any, Final

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException
from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_pascal

from runtime.custom_resource import NotYet, custom_resource
from search_sync.engine.claims import CLAIMS
from search_sync.engine.client import ALIAS, connected, reason
from search_sync.engine.indexes import STANDBY, VERSIONS

_SECONDS = 15  # the engine tells all its nodes before it answers
_SEARCHED = [ALIAS, VERSIONS]  # the alias by its name, as there may be no index behind it

Role = Annotated[
    str,
    StringConstraints(pattern=r"^arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+$", max_length=700),
]
"""The ARN of a role."""


class Roles(BaseModel):
    """Who may do what: those that search, those that write, and those that rebuild."""

    model_config = ConfigDict(alias_generator=to_pascal)

    readers: list[Role]
    writers: list[Role]
    operators: list[Role]


def _grant(indexes: list[str], *actions: str) -> dict[str, Any]:
    return {"index_patterns": indexes, "allowed_actions": [f"indices:{one}" for one in actions]}


_LOOKING = "admin/aliases/get"
_WRITING = ("data/write/bulk*", "data/write/index", "data/write/delete")
_MAKING = ("admin/create", "admin/aliases")
GRANTS: Final[dict[str, dict[str, Any]]] = {
    "readers": {
        "cluster_permissions": [],
        "index_permissions": [
            _grant(_SEARCHED, "data/read/search", "data/read/point_in_time/create"),
            _grant([VERSIONS], "data/read/point_in_time/delete"),
        ],
    },
    "writers": {
        "cluster_permissions": ["indices:data/write/bulk"],
        "index_permissions": [_grant([VERSIONS], _LOOKING, *_WRITING, *_MAKING)],
    },
    "operators": {
        "cluster_permissions": [
            f"indices:data/{one}"
            for one in ("write/bulk", "read/mget", "read/scroll", "read/scroll/clear")
        ],
        "index_permissions": [
            _grant([VERSIONS], _LOOKING, *_WRITING, *_MAKING),
            _grant(_SEARCHED, "data/read/search", "data/read/mget*", "admin/get", "admin/refresh*"),
            _grant([STANDBY, VERSIONS], "admin/delete"),
            _grant([CLAIMS], "admin/get", "admin/create", "data/read/get", *_WRITING),
        ],
    },
}
"""By part what may be done, in the words of OpenSearch's access control."""


def admit_roles(roles: Roles, engine: OpenSearch) -> None:
    """Grant each role what its part needs, and take it from all others.

    Raises
    ------
    NotYet
        The engine does not answer, or does not know its master yet.
    """
    for part, admitted in roles:
        name = f"starling-{part}"
        _put(engine, f"roles/{name}", GRANTS[part])
        _put(engine, f"rolesmapping/{name}", {"backend_roles": admitted})


def _put(engine: OpenSearch, what: str, body: dict[str, Any]) -> None:
    put: Any = engine.http.put
    try:
        put(f"/_plugins/_security/api/{what}", params={"request_timeout": _SECONDS}, body=body)
    except OpenSearchException as error:
        raise NotYet(f"the engine does not take {what}: {reason(error)}") from error


handler = custom_resource(admit_roles, engine=connected)
