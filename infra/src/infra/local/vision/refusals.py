"""Requests that are refused, in the words of Amazon Rekognition."""

from http import HTTPStatus


class Refused(Exception):
    """A request that gets an error for an answer.

    Parameters
    ----------
    kind
        The error's type: what an SDK makes an exception of.
    message
        What is wrong.
    status
        HTTP status: 4xx is the caller's fault, 5xx may be tried again.
    """

    def __init__(
        self, kind: str, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status


def invalid_parameters(why: str) -> Refused:
    """Return the refusal of parameters that do not go together, or of too small a picture."""
    return Refused("InvalidParameterException", f"Request has invalid parameters: {why}")


def constraint(member: str, why: str) -> Refused:
    """Return the refusal of a single parameter's value."""
    return Refused(
        "ValidationException",
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
        f"Member must {why}",
    )


def unreadable_request(why: str) -> Refused:
    """Return the refusal of a body that is no request at all."""
    return Refused("SerializationException", why)


def invalid_object() -> Refused:
    """Return the refusal of an object that is not there or may not be read."""
    return Refused(
        "InvalidS3ObjectException",
        "Unable to get object metadata from S3. Check object key, region and/or access "
        "permissions.",
    )


def too_large(why: str) -> Refused:
    """Return the refusal of a picture of too many bytes or pixels."""
    return Refused("ImageTooLargeException", why)


def invalid_format() -> Refused:
    """Return the refusal of what is no picture, no JPEG or PNG, or cannot be decoded."""
    return Refused("InvalidImageFormatException", "Request has invalid image format")


def unknown_operation(name: str) -> Refused:
    """Return the refusal of another operation than `DetectText`."""
    return Refused("UnknownOperationException", f"The local stage serves no operation {name!r}.")


def internal_error() -> Refused:
    """Return the answer to a request that failed without its own fault."""
    return Refused(
        "InternalServerError",
        "The vision server failed; its log says why.",
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
