"""What services tell each other of an account that is copied for its owner, or deleted."""

from typing import Any, Literal

from typing_extensions import TypedDict


class Erased(TypedDict):
    """The reply to one page of an erasure: not `finished` if the next page is to be asked for."""

    finished: bool


class DeletionReceipt(TypedDict):
    """How far a deletion has got: the time at which each service finished, None until then."""

    receipt_id: str
    requested_at: str
    users_finished_at: str | None
    feed_finished_at: str | None
    upload_finished_at: str | None
    finished: bool


class ExportPage(TypedDict):
    """A page of what a service has of an account: items of one document of the archive.

    The pages of a document follow each other; after the last of all, `next_cursor` is None.
    """

    document: str
    items: list[dict[str, Any]]
    next_cursor: str | None


ArchiveState = Literal["composing", "ready"]


class Archive(TypedDict):
    """What upload says of an archive; `key`, `bytes` and the times are None until it is ready."""

    state: ArchiveState
    key: str | None
    bytes: int | None
    ready_at: str | None
    expires_at: str | None


class Export(TypedDict):
    """A copy of all that an account holds: on its way, to be fetched, or no longer kept."""

    id: int
    state: Literal["pending", "ready", "expired"]
    requested_at: str
    ready_at: str | None
    expires_at: str | None
    key: str | None
    bytes: int | None
