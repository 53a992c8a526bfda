"""A CloudFormation type that the emulator lacks."""

import json
from typing import Any

from .private import EVENTS, PROVISIONERS, MovedError, find, function

ARCHIVE = "AWS::Events::Archive"
FIRST_ERROR_STATUS = 400
LONGEST_NAME = 48


def accept_event_archives() -> None:
    """Let CloudFormation create an `AWS::Events::Archive`.

    Stock has archives, but only through the API, and refuses the whole template.
    """
    create = function(EVENTS, "_create_archive", "data")
    update = function(EVENTS, "_update_archive", "data")
    delete = function(EVENTS, "_delete_archive", "data")
    handlers = find(PROVISIONERS, "_RESOURCE_HANDLERS")
    if ARCHIVE in handlers:
        raise MovedError(f"the emulator has {ARCHIVE} itself by now")

    def create_resource(logical_id: str, properties: Any, stack: str) -> Any:
        name = properties.get("ArchiveName") or f"{stack}-{logical_id}"[:LONGEST_NAME]
        source = {"EventSourceArn": properties["SourceArn"]}
        return _result(create(_request(name, properties) | source), name)

    def update_resource(name: str, _: Any, properties: Any, __: str) -> Any:
        return _result(update(_request(name, properties)), name)

    def delete_resource(name: str, _: Any) -> Any:
        return delete({"ArchiveName": name})

    handlers[ARCHIVE] = {
        "create": create_resource,
        "update": update_resource,
        "delete": delete_resource,
    }


def _request(name: str, properties: Any) -> dict[str, Any]:
    values = {
        "ArchiveName": name,
        "Description": properties.get("Description", ""),
        "RetentionDays": int(properties.get("RetentionDays") or 0),
    }
    if properties.get("EventPattern"):
        values["EventPattern"] = json.dumps(properties["EventPattern"])
    return values


def _result(answer: Any, name: str) -> tuple[str, dict[str, str]]:
    status, _, body = answer
    if status >= FIRST_ERROR_STATUS:
        raise ValueError(f"{ARCHIVE} failed: {body.decode()}")
    return name, {"Arn": json.loads(body)["ArchiveArn"], "ArchiveName": name}


CORRECTIONS = (accept_event_archives,)
