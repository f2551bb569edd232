"""Shapes of upload.internal: photos and their files, without captions or followers."""

from typing import Literal

from typing_extensions import TypedDict

PhotoState = Literal["processing", "ready", "failed"]
RenditionName = Literal["large", "medium", "small", "thumb"]


class Rendition(TypedDict):
    """A resized copy. `key` has no host and names the content, which never changes."""

    name: RenditionName
    width: int
    height: int
    key: str
    content_type: str
    bytes: int


class Crop(TypedDict):
    """A part of an upright picture, in fractions of its width and height (0 to 1)."""

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
    """Files of one small sample picture: unfiltered as `plain`, and once per filter."""

    plain: str
    filters: "list[FilterSample]"


class FilterSample(TypedDict):
    """A filter's identifier, its display title, and the file of its sample."""

    name: str
    title: str
    file: str


class Photo(TypedDict):
    """A photo as its owner sees it; sizes and renditions are present once it is ready.

    `sha256` is the hash of the received bytes, in lower-case hexadecimal. `failure` is a sentence.
    `post_id` is None until shortly after the photo is published in a post. `version` grows with
    each change that the owner makes.
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
    """An account's photos and its limits, in total and for the last 24 hours."""

    photos_count: int
    photos_max: int
    photos_today_count: int
    photos_today_max: int


class ClaimedPhotos(TypedDict):
    """The reply of a claim, in the order of the requested photos."""

    photos: list[PhotoSnapshot]


class NewUpload(TypedDict):
    """An upload to begin; `sha256` is the hash of the whole picture, in hexadecimal."""

    length: int
    metadata: str
    sha256: str | None


class Upload(TypedDict):
    """A resumable upload: `offset` of its `length` bytes are durable.

    `metadata` is the sender's text, unchanged. `photo` is None until all bytes have arrived.
    """

    id: int
    offset: int
    length: int
    metadata: str
    expires_at: str
    photo: Photo | None
