"""What the rules of uploads refuse."""

from runtime.problems import Forbidden, Problem


class NotYours(Forbidden):
    """The caller may not do this to an upload, or for somebody else."""


class Erased(Problem):
    """The person was erased; a token of theirs may still be good for a while."""

    status, type, title = 409, "person-erased", "The person was erased"

    def __init__(self) -> None:
        super().__init__("nothing of this person is kept any more")
