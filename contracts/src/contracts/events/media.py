"""What the media service publishes. Each event carries all that a consumer needs.

A picture's life: `MediaUploaded`, then `ThumbnailGenerated`, `MetadataExtracted` and
`MediaAnalysed` in any order, then `MediaReady` once; or `MediaRejected`. A product import's:
`ProductRowsAccepted`, as often as it takes, then `ImportFinished`; or `MediaRejected`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from contracts.event import EventData
from contracts.ids import MediaId, Sku
from contracts.money import Money
from contracts.values import Code, FileName, Name, Timestamp

SOURCE = "starling.media"

WORD = "^[a-z][a-z_]{0,39}$"

Purpose = Annotated[
    Literal["product", "avatar", "import"], WithJsonSchema({"type": "string", "pattern": WORD})
]
"""What it is for. A minor may add one: a consumer acts on those that it knows."""

Processor = Annotated[
    Literal["thumbnails", "metadata", "analysis"],
    WithJsonSchema({"type": "string", "pattern": WORD}),
]
"""What looks at a picture. A minor may add one."""

Subject = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""What a picture shows: a product's SKU, or a user's id."""

Owner = Annotated[str, Field(pattern="^[!-~]{1,128}$")]
"""Who uploaded it: the user of the token."""

ContentType = Annotated[str, Field(pattern="^[a-z]+/[a-z0-9.+-]{1,60}$")]
"""What the bytes are, whatever the file's name says."""

Pixels = Annotated[int, Field(strict=True, ge=1, le=65_535)]
"""A width or a height."""

Size = Annotated[int, Field(strict=True, ge=1, le=2**40)]
"""In bytes."""

Color = Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]
"""Red, green and blue, two digits each."""

Text = Annotated[str, Field(min_length=1, max_length=200)]
"""A line of words in a picture."""

Texts = Annotated[tuple[Text, ...], Field(max_length=100)]
"""The words in a picture, line by line."""

Colors = Annotated[tuple[Color, ...], Field(max_length=8)]
"""The dominant colours, the strongest first."""

Rows = Annotated[int, Field(strict=True, ge=0, le=10**9)]
"""How many rows of an import."""


class Rendition(BaseModel):
    """A copy of a picture, made for one width."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    content_type: ContentType
    width: Pixels
    """In pixels."""
    height: Pixels
    """In pixels."""
    size: Size


Renditions = Annotated[tuple[Rendition, ...], Field(max_length=16)]
"""The copies, the narrowest first."""


class MediaUploaded(EventData, source=SOURCE, version="1.0"):
    """A picture arrived, was looked at and kept: it can be processed."""

    media_id: MediaId
    purpose: Purpose
    subject: Subject | None = None
    owner: Owner
    filename: FileName
    content_type: ContentType
    size: Size
    width: Pixels
    """In pixels, as it is looked at: with its orientation applied."""
    height: Pixels
    """In pixels, as it is looked at: with its orientation applied."""
    uploaded_at: Timestamp
    """When it was accepted, in UTC."""


class MediaRejected(EventData, source=SOURCE, version="1.0"):
    """An upload was refused for what it is; nobody gets to see it."""

    media_id: MediaId
    purpose: Purpose
    subject: Subject | None = None
    owner: Owner
    filename: FileName
    reason: Code
    """Why: `EMPTY`, `TRUNCATED`, `DISGUISED`, … A minor may add one."""
    rejected_at: Timestamp
    """When it was refused, in UTC."""


class ThumbnailGenerated(EventData, source=SOURCE, version="1.0"):
    """The copies of a picture were made, in all widths."""

    media_id: MediaId
    renditions: Renditions
    generated_at: Timestamp
    """When they were ready, in UTC."""


class MetadataExtracted(EventData, source=SOURCE, version="1.0"):
    """What a picture says of itself was read, without what it says of people."""

    media_id: MediaId
    format: Annotated[str, Field(pattern="^[A-Z0-9]{2,10}$")]
    """As image libraries call it: `JPEG`."""
    width: Pixels
    """In pixels, with its orientation applied."""
    height: Pixels
    """In pixels, with its orientation applied."""
    colors: Colors
    perceptual_hash: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    """64 bits that differ little where pictures look alike."""
    similar: Annotated[tuple[MediaId, ...], Field(max_length=20)]
    """Pictures of the tenant that look almost the same, the oldest first."""
    camera: Name | None = None
    """Maker and model of the camera."""
    extracted_at: Timestamp
    """When it was read, in UTC."""


class MediaAnalysed(EventData, source=SOURCE, version="1.0"):
    """The words in a picture were read."""

    media_id: MediaId
    texts: Texts
    analysed_at: Timestamp
    """When they were read, in UTC."""


class MediaReady(EventData, source=SOURCE, version="1.0"):
    """A picture can be shown and found: once a picture, with all that is known of it."""

    media_id: MediaId
    purpose: Purpose
    subject: Subject | None = None
    owner: Owner
    filename: FileName
    renditions: Renditions
    colors: Colors
    texts: Texts
    missing: Annotated[tuple[Processor, ...], Field(max_length=8)]
    """Which processors had not answered in time; what they add is not in here."""
    ready_at: Timestamp
    """When it became ready, in UTC."""


class MediaDeleted(EventData, source=SOURCE, version="1.0"):
    """An upload is gone, with its copies: whoever shows it stops."""

    media_id: MediaId
    purpose: Purpose
    subject: Subject | None = None
    owner: Owner
    reason: Code
    """Why: `REQUESTED` by a user, or `OWNER_ERASED`. A minor may add one."""
    deleted_at: Timestamp
    """When it was done, in UTC."""


class ImportedProduct(BaseModel):
    """A good row of an import."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line: Annotated[int, Field(strict=True, ge=1, le=10**9)]
    """The line of the file on which the row begins; the header is on line 1."""
    sku: Sku
    name: Name
    price: Money
    stock: Annotated[int, Field(strict=True, ge=0, le=10**9)]
    """How many there are."""


class ProductRowsAccepted(EventData, source=SOURCE, version="1.0"):
    """Some rows of an import are good: their products can be put on sale."""

    media_id: MediaId
    batch: Annotated[int, Field(strict=True, ge=1, le=10**9)]
    """Which part of the import this is, from 1 on; later parts have higher numbers."""
    rows: Annotated[tuple[ImportedProduct, ...], Field(min_length=1, max_length=200)]
    """In the order of the file."""
    accepted_at: Timestamp
    """When they were read, in UTC."""


class ImportFinished(EventData, source=SOURCE, version="1.0"):
    """An import was read to its end."""

    media_id: MediaId
    owner: Owner
    filename: FileName
    accepted: Rows
    """How many rows were good."""
    refused: Rows
    """How many rows were not, each with a reason in the report."""
    finished_at: Timestamp
    """When it was, in UTC."""
