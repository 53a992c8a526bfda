"""Which picture is a user's avatar, in whatever order the pictures are told of."""

from pydantic import BaseModel, ConfigDict

MAX_GONE = 20
"""How many pictures are remembered that were deleted before they were told to be ready."""


class Avatar(BaseModel):
    """The picture that shows a user."""

    model_config = ConfigDict(frozen=True)

    media_id: str


class Pictures(BaseModel):
    """What was told of a user's pictures: the newest that was ready is shown, unless it is gone.

    An upload's id is a ULID, and grows with the time at which it was asked for: of two pictures
    the one with the greater id is the newer, whichever is ready first.

    Attributes
    ----------
    shown
        The picture that is the avatar, or None.
    newest
        The newest picture that was ready, or empty: no older one comes after it, nor comes back
        when it is deleted.
    gone
        Newer ones that were deleted, in order: they are not shown if they are told to be ready
        yet. If there are too many, the oldest counts as the newest that was ready.
    """

    model_config = ConfigDict(frozen=True)

    shown: str | None = None
    newest: str = ""
    gone: tuple[str, ...] = ()

    def ready(self, media_id: str) -> "Pictures":
        """Return the pictures with one more that can be shown; the same object if it is old."""
        if media_id <= self.newest:
            return self
        return Pictures(
            shown=None if media_id in self.gone else media_id,
            newest=media_id,
            gone=tuple(other for other in self.gone if other > media_id),
        )

    def deleted(self, media_id: str) -> "Pictures":
        """Return the pictures without one; the same object if nothing is different."""
        if media_id <= self.newest:
            same = media_id != self.shown
            return self if same else self.model_copy(update={"shown": None})
        gone = tuple(sorted({*self.gone, media_id}))
        if gone == self.gone:
            return self
        forgotten, gone = gone[:-MAX_GONE], gone[-MAX_GONE:]
        return Pictures(
            shown=self.shown, newest=forgotten[-1] if forgotten else self.newest, gone=gone
        )
