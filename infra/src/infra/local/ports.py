"""Whether the ports of a local stage are free, and what to do if not."""

import socket
from contextlib import closing

from infra.errors import StarlingError
from infra.stages import port_variable

LOOPBACK = "127.0.0.1"

_NEEDED_BY = {
    "EMULATOR": "the AWS emulator",
    "SEARCH": "OpenSearch",
    "VISION": "the vision server",
    "PAYMENTS": "the payments sandbox",
}


def require_free(stage: str, engine: str, port: int) -> None:
    """Raise unless a port on 127.0.0.1 can be listened on.

    Parameters
    ----------
    stage
        The local stage that needs it.
    engine
        "EMULATOR", "SEARCH", "VISION" or "PAYMENTS".
    port
        The port.

    Raises
    ------
    StarlingError
        Naming the port, and how to choose another.
    """
    with closing(socket.socket()) as probe:
        # As servers do: a connection that has just ended does not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise StarlingError(
                f"Port {port} on {LOOPBACK} is taken ({error.strerror}); {_NEEDED_BY[engine]} of "
                f"the stage {stage!r} needs it.",
                f"Stop the program that listens there, or choose another port with "
                f"{port_variable(stage, engine)}, like {port_variable(stage, engine)}={port + 5}.",
            ) from error
