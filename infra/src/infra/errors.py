"""The one error that the command line shows as a message instead of a traceback."""


class StarlingError(Exception):
    """Something failed that a person can act on.

    Parameters
    ----------
    message
        What happened, with its cause.
    remedy
        What to do about it, as a full sentence; empty if there is nothing to say.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy
