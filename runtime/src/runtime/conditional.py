"""Answers that the caller may keep for a while, and need not be sent again if nothing changed."""

import base64
import hashlib

NOT_MODIFIED = 304

_DIGEST_BYTES = 18


def entity_tag(text: str, cursor: str | None = None) -> str:
    """Return a weak entity tag of an answer: another one means that the answer has changed.

    Parameters
    ----------
    text
        The answer's body, as it is sent.
    cursor
        Where it says that the listing goes on, if it does. It may differ each time, and leads to
        the same: of it counts only that there is one.
    """
    if cursor is not None:
        text = text.replace(f'"{cursor}"', '""')
    digest = hashlib.sha256(text.encode()).digest()[:_DIGEST_BYTES]
    return f'W/"{base64.urlsafe_b64encode(digest).decode()}"'


def has(if_none_match: str | None, tag: str) -> bool:
    """Whether the caller has the answer of a tag already.

    Parameters
    ----------
    if_none_match
        The header as it came: tags, separated by commas, or a star; whatever else matches nothing.
    tag
        Of the answer as it is now.
    """
    if if_none_match is None:
        return False
    named = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in named or tag.removeprefix("W/") in named


def freshness(tag: str, seconds: int) -> dict[str, str]:
    """Return the headers that let the caller alone keep an answer for so many seconds."""
    return {
        "ETag": tag,
        "Cache-Control": f"private, max-age={seconds}",
        # A browser that changes hands asks for the next caller anew.
        "Vary": "Authorization",
    }
