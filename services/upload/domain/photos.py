"""A photo as stored, as its owner sees it, and as posts keep it."""

from collections.abc import Collection
from dataclasses import dataclass

from typing_extensions import TypedDict

from services.upload.domain.edits import PhotoEdit
from shared.contracts.photos import Crop, Photo, PhotoSnapshot, PhotoState, Rendition
from shared.errors import Conflict, PreconditionFailed
from shared.ids import created_at
from shared.wire_time import wire_time


class PhotoNotReady(Conflict):
    """The photo is still being processed; a retry soon will succeed."""

    code = "photo_not_ready"
    title = "The photo is still being processed."


class PhotoAlreadyPublished(Conflict):
    """Another post has the photo or has claimed it."""

    code = "photo_already_published"
    title = "The photo is already part of a post."


class PhotoUnusable(Conflict):
    """The photo could not be processed and never will be."""

    code = "photo_failed"
    title = "The photo could not be processed."


class PlainPhoto(TypedDict):
    """A photo without its edit."""

    width: int
    height: int
    thumbhash: str
    renditions: list[Rendition]


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo as the database has it.

    `kind` is the name of its PictureKind. `quarantine_key` locates the original until the
    renditions are durable. `claimant` identifies the post that has it, for good if `is_taken`. An
    edited photo keeps its unedited state in `plain` until a post has it.
    """

    id: int
    owner_id: int
    state: PhotoState
    failure: str | None
    width: int | None
    height: int | None
    thumbhash: str | None
    alt_text: str
    renditions: list[Rendition]
    sha256: bytes
    kind: str
    quarantine_key: str | None
    claimant: str | None
    filter: str | None
    crop: Crop | None
    plain: PlainPhoto | None
    edits: int
    version: int
    post_id: int | None
    is_taken: bool

    @property
    def edit(self) -> PhotoEdit:
        """The owner's edit."""
        return PhotoEdit(self.filter, self.crop)

    @property
    def known_keys(self) -> set[str]:
        """The keys of its renditions, including unedited ones."""
        plain = [] if self.plain is None else self.plain["renditions"]
        return {said["key"] for said in (*self.renditions, *plain)}


def check_version(stored: StoredPhoto, versions: Collection[int] | None) -> None:
    """Raise PreconditionFailed unless it has one of these versions; None allows any."""
    if versions is not None and stored.version not in versions:
        raise PreconditionFailed


def photo_of(stored: StoredPhoto) -> Photo:
    """The photo as its owner sees it."""
    # While an edit is drawn, the row holds what was drawn before it: no reply mixes the two.
    is_drawn = stored.state != "processing"
    return {
        "id": stored.id,
        "version": stored.version,
        "owner_id": stored.owner_id,
        "state": stored.state,
        "failure": stored.failure,
        "width": stored.width if is_drawn else None,
        "height": stored.height if is_drawn else None,
        "thumbhash": stored.thumbhash if is_drawn else None,
        "alt_text": stored.alt_text,
        "filter": stored.filter,
        "crop": stored.crop,
        "renditions": stored.renditions if is_drawn else [],
        "sha256": stored.sha256.hex(),
        "created_at": wire_time(created_at(stored.id)),
        "post_id": stored.post_id,
    }


def snapshot_of(stored: StoredPhoto) -> PhotoSnapshot:
    """The part that a post keeps; raises PhotoNotReady or PhotoUnusable."""
    if stored.state == "failed":
        raise PhotoUnusable(stored.failure)
    # A photo being edited has sizes, but its renditions are about to go.
    is_processing = stored.state == "processing"
    if is_processing or not (stored.width and stored.height and stored.thumbhash):
        raise PhotoNotReady(retry_after_s=1)
    return {
        "id": stored.id,
        "width": stored.width,
        "height": stored.height,
        "thumbhash": stored.thumbhash,
        "alt_text": stored.alt_text,
        "renditions": stored.renditions,
    }


def check_claimable(stored: StoredPhoto, claimant: str) -> None:
    """Raise PhotoAlreadyPublished if another claimant has the photo."""
    if stored.is_taken and stored.claimant != claimant:
        raise PhotoAlreadyPublished
