"""What upload.internal says about photos; it knows nothing of captions or followers."""

from typing import Literal

from typing_extensions import TypedDict

PhotoState = Literal["processing", "ready", "failed"]
RenditionName = Literal["large", "medium", "small", "thumb"]


class Rendition(TypedDict):
    """A resized copy. `key` is host-free and names the content: it never changes."""

    name: RenditionName
    width: int
    height: int
    key: str
    content_type: str
    bytes: int


class Crop(TypedDict):
    """A part of an upright picture, in shares of its width and height (0 to 1)."""

    x: float
    y: float
    width: float
    height: float


class PhotoSnapshot(TypedDict):
    """The immutable facts of a ready photo, copied into the post that shows it."""

    id: int
    width: int
    height: int
    thumbhash: str
    alt_text: str
    renditions: list[Rendition]


class FilterSamples(TypedDict):
    """The file of a small picture in each filter's colours, and of the same one in its own."""

    plain: str
    filters: "list[FilterSample]"


class FilterSample(TypedDict):
    """A filter, what people call it, and its sample's file."""

    name: str
    title: str
    file: str


class Photo(TypedDict):
    """A photo as its owner sees it; sizes and renditions are filled in once it is ready.

    `sha256` is that of the bytes received, in lower-case hexadecimal. `failure` is a sentence.
    `post_id` is the post that has it, None before and for a moment after. `version` grows with each
    change that its owner makes.
    """

    id: int
    version: int
    owner_id: int
    state: PhotoState
    failure: str | None
    width: int | None
    height: int | None
    thumbhash: str | None
    alt_text: str
    filter: str | None
    crop: Crop | None
    renditions: list[Rendition]
    sha256: str
    created_at: str
    post_id: int | None


class QuotaUse(TypedDict):
    """How many photos an account has and may have, in all and of the last 24 hours."""

    photos_count: int
    photos_max: int
    photos_today_count: int
    photos_today_max: int


class ClaimedPhotos(TypedDict):
    """The reply of a claim, in the order in which the photos were asked for."""

    photos: list[PhotoSnapshot]


class NewUpload(TypedDict):
    """A picture that will come in pieces; `sha256` is what all of it hashes to, in hexadecimal."""

    length: int
    metadata: str
    sha256: str | None


class Upload(TypedDict):
    """A picture that comes in pieces: `offset` of its `length` bytes are durable.

    `metadata` is what its sender said of it. `photo` is there once all bytes are.
    """

    id: int
    offset: int
    length: int
    metadata: str
    expires_at: str
    photo: Photo | None
