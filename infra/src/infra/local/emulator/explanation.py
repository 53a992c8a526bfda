"""What API Gateway says about a body that does not fit its model."""

import json
from collections.abc import Callable
from typing import Any

from jsonschema import Draft4Validator

NOT_JSON = "Invalid request body"


def explain(schema: Any, body: Any) -> str:
    """Return the faults of a body in the words of AWS's validator.

    Parameters
    ----------
    schema
        The model: JSON Schema draft 4.
    body
        The request's body, as text or bytes.
    """
    try:
        document = json.loads(body)
    except (ValueError, TypeError):
        return NOT_JSON
    # Missing properties come one by one; AWS names all of an object in one fault.
    faults = dict.fromkeys(_words(error) for error in Draft4Validator(schema).iter_errors(document))
    return f"[{', '.join(faults)}]"


def _words(error: Any) -> str:
    words = _WORDS.get(error.validator)
    return words(error.instance, error.validator_value, error.schema) if words else error.message


def _required(value: Any, required: Any, _: Any) -> str:
    missing = sorted(set(required) - set(value))
    return f"object has missing required properties ({_json(missing)})"


def _additional(value: Any, _: Any, schema: Any) -> str:
    extra = sorted(set(value) - set(schema.get("properties", {})))
    return f"object instance has properties which are not allowed by the schema: {_json(extra)}"


def _type(value: Any, allowed: Any, _: Any) -> str:
    names = sorted([allowed] if isinstance(allowed, str) else allowed)
    return (
        f"instance type ({_type_name(value)}) does not match any allowed primitive type "
        f"(allowed: {_json(names)})"
    )


def _enum(value: Any, allowed: Any, _: Any) -> str:
    return f"instance value ({_json(value)}) not found in enum (possible values: {_json(allowed)})"


def _short(value: Any, least: Any, _: Any) -> str:
    return f"string {_json(value)} is too short (length: {len(value)}, required minimum: {least})"


def _long(value: Any, most: Any, _: Any) -> str:
    return f"string {_json(value)} is too long (length: {len(value)}, maximum allowed: {most})"


def _pattern(value: Any, pattern: Any, _: Any) -> str:
    return f"ECMA 262 regex {_json(pattern)} does not match input string {_json(value)}"


def _low(value: Any, least: Any, _: Any) -> str:
    return f"numeric instance is lower than the required minimum (minimum: {least}, found: {value})"


def _high(value: Any, most: Any, _: Any) -> str:
    return (
        f"numeric instance is greater than the required maximum (maximum: {most}, found: {value})"
    )


def _few(value: Any, least: Any, _: Any) -> str:
    return (
        f"array is too short: must have at least {least} elements but instance has "
        f"{len(value)} elements"
    )


def _many(value: Any, most: Any, _: Any) -> str:
    return (
        f"array is too long: must have at most {most} elements but instance has "
        f"{len(value)} elements"
    )


_WORDS: dict[str, Callable[[Any, Any, Any], str]] = {
    "required": _required,
    "additionalProperties": _additional,
    "type": _type,
    "enum": _enum,
    "minLength": _short,
    "maxLength": _long,
    "pattern": _pattern,
    "minimum": _low,
    "maximum": _high,
    "minItems": _few,
    "maxItems": _many,
}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _type_name(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer"}
    return names.get(type(value), "null" if value is None else "number")
