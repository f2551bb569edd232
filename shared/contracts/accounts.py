"""Shapes for exporting an account's data to its owner, and for deleting an account."""

from typing import Any, Literal

from typing_extensions import TypedDict


class Erased(TypedDict):
    """The reply to one page of an erasure; until it is `finished`, the caller asks for another."""

    finished: bool


class DeletionReceipt(TypedDict):
    """How far a deletion has got; each service's time is null until that service has finished."""

    receipt_id: str
    requested_at: str
    users_finished_at: str | None
    feed_finished_at: str | None
    upload_finished_at: str | None
    finished: bool


class ExportPage(TypedDict):
    """A page of a service's data about an account: items of one document of the archive.

    All pages of a document are consecutive. `next_cursor` is None on the last page of all.
    """

    document: str
    items: list[dict[str, Any]]
    next_cursor: str | None


ArchiveState = Literal["composing", "ready"]


class Archive(TypedDict):
    """An archive in upload; `key`, `bytes` and the times are None until it is ready."""

    state: ArchiveState
    key: str | None
    bytes: int | None
    ready_at: str | None
    expires_at: str | None


class Export(TypedDict):
    """A copy of an account's data: being made, ready to fetch, or expired."""

    id: int
    state: Literal["pending", "ready", "expired"]
    requested_at: str
    ready_at: str | None
    expires_at: str | None
    key: str | None
    bytes: int | None
