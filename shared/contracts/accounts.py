"""What services tell each other, and a client, of an account that is being deleted."""

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
