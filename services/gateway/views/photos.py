"""Photos as the public API shows them."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from services.gateway.domain.media_urls import UrlOf
from services.gateway.views.wire_types import Id, MediaUrl, Time, Version
from shared.contracts import photos as contract

Thumbhash = Annotated[
    str,
    Field(
        description="A tiny placeholder (ThumbHash in Base64) to show until the picture arrives.",
        examples=["3OcRJYB4d3h/iIeHeEh3eIhw+j2w"],
    ),
]
AltText = Annotated[str, Field(examples=["A lighthouse in the fog"])]


class Rendition(TypedDict):
    """A resized copy of a photo, without metadata."""

    name: contract.RenditionName
    width: Annotated[int, Field(examples=[1080])]
    height: Annotated[int, Field(examples=[1440])]
    url: MediaUrl
    cache_key: Annotated[
        str,
        Field(
            description="What to cache the bytes by. It names them for ever; `url` changes.",
            examples=["renditions/42/large-d47a8bc7a7632f25.jpg"],
        ),
    ]
    content_type: Annotated[str, Field(examples=["image/jpeg"])]
    bytes: Annotated[int, Field(examples=[182044])]


class PostPhoto(TypedDict):
    """A photo in a post; width and height are those of the upright original."""

    id: Id
    width: Annotated[int, Field(examples=[3024])]
    height: Annotated[int, Field(examples=[4032])]
    thumbhash: Thumbhash
    alt_text: AltText
    renditions: list[Rendition]


class Photo(TypedDict):
    """An own photo; sizes and renditions are set once its state is `ready`."""

    id: Id
    version: Version
    state: contract.PhotoState
    failure: Annotated[str | None, Field(description="Why it failed, as a sentence.")]
    width: Annotated[int | None, Field(examples=[3024])]
    height: Annotated[int | None, Field(examples=[4032])]
    thumbhash: Thumbhash | None
    alt_text: AltText
    filter: Annotated[str | None, Field(examples=["harbour"])]
    crop: contract.Crop | None
    renditions: list[Rendition]
    sha256: Annotated[
        str,
        Field(
            description="SHA-256 of the bytes received, in hexadecimal.",
            examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        ),
    ]
    created_at: Time
    post_id: Annotated[
        Id | None, Field(description="The post that shows it; null for a moment after publishing.")
    ]


class PhotoReply(TypedDict):
    """The reply to an upload."""

    photo: Photo


def public_photo(photo: contract.Photo, url_of: UrlOf) -> Photo:
    """Convert a photo for its owner."""
    return {
        "id": str(photo["id"]),
        # An older upload does not send it.
        "version": photo.get("version", 1),
        "state": photo["state"],
        "failure": photo["failure"],
        "width": photo["width"],
        "height": photo["height"],
        "thumbhash": photo["thumbhash"],
        "alt_text": photo["alt_text"],
        "filter": photo["filter"],
        "crop": photo["crop"],
        "renditions": _renditions(photo["renditions"], url_of),
        "sha256": photo["sha256"],
        "created_at": photo["created_at"],
        "post_id": _post_id(photo),
    }


def _post_id(photo: contract.Photo) -> str | None:
    # An older upload does not send it.
    post_id = photo.get("post_id")
    return None if post_id is None else str(post_id)


def public_post_photo(photo: contract.PhotoSnapshot, url_of: UrlOf) -> PostPhoto:
    """Convert a photo for viewers of its post."""
    return {
        "id": str(photo["id"]),
        "width": photo["width"],
        "height": photo["height"],
        "thumbhash": photo["thumbhash"],
        "alt_text": photo["alt_text"],
        "renditions": _renditions(photo["renditions"], url_of),
    }


def _renditions(renditions: list[contract.Rendition], url_of: UrlOf) -> list[Rendition]:
    return [
        {
            "name": rendition["name"],
            "width": rendition["width"],
            "height": rendition["height"],
            "url": url_of(rendition["key"]),
            "cache_key": rendition["key"],
            "content_type": rendition["content_type"],
            "bytes": rendition["bytes"],
        }
        for rendition in renditions
    ]
