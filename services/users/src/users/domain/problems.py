"""What the rules of users refuse."""

from runtime.problems import FieldError, Problem


class EmailTaken(Problem):
    """Another user of the tenant has this address."""

    status, type, title = 409, "email-taken", "The e-mail address is taken"

    def __init__(self) -> None:
        super().__init__(
            "another user has this e-mail address", errors=[FieldError("email", "taken")]
        )
