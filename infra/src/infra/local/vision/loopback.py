"""Staying on this machine."""

from typing import Any

LOOPBACK = "127.0.0.1"


def stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to reach for another machine, whatever a dependency would like to download.

    An audit hook.

    Raises
    ------
    PermissionError
        If another machine is looked up or connected to.
    """
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect":
        host = arguments[1][0]
    else:
        return
    if host != LOOPBACK:
        raise PermissionError(f"the vision server reaches no other machine: {host!r}")
