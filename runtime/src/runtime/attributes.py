"""JSON values as DynamoDB attribute values, and back.

boto3's own serializer would drag boto3 into every function; JSON needs only these six kinds
(the tests hold the two against each other).
"""

from typing import Any

AttributeValue = dict[str, Any]


def marshal(value: Any) -> AttributeValue:
    """Return a JSON value as DynamoDB writes it.

    Parameters
    ----------
    value
        None, a bool, int, str, list or dict with string keys, nested.

    Raises
    ------
    TypeError
        Anything else; floats too: money is in minor units, and a float loses digits.
    """
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case dict():
            return {"M": {key: marshal(item) for key, item in value.items()}}
        case list() | tuple():
            return {"L": [marshal(item) for item in value]}
        case _:
            raise TypeError(f"{type(value).__name__} cannot be stored")


def unmarshal(value: AttributeValue) -> Any:
    """Return the JSON value of an attribute value that `marshal` made.

    Raises
    ------
    TypeError
        A kind of attribute that `marshal` does not make (sets, binary).
    """
    ((kind, content),) = value.items()
    match kind:
        case "NULL":
            return None
        case "BOOL" | "S":
            return content
        case "N":
            return int(content)
        case "M":
            return {key: unmarshal(item) for key, item in content.items()}
        case "L":
            return [unmarshal(item) for item in content]
        case _:
            raise TypeError(f"attribute of kind {kind} cannot be read")
