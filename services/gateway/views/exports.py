"""The copy of an account as its owner sees it."""

from typing import Literal

from typing_extensions import TypedDict

from services.gateway.domain.media_urls import UrlOf
from services.gateway.views.wire_types import Id, MediaUrl, Time
from shared.contracts import accounts as contract


class Export(TypedDict):
    """A zip of JSON documents and photos; `url` is set while it is `ready`."""

    id: Id
    state: Literal["pending", "ready", "expired"]
    requested_at: Time
    ready_at: Time | None
    expires_at: Time | None
    bytes: int | None
    url: MediaUrl | None


class ExportReply(TypedDict):
    """The newest copy."""

    export: Export


def public_export(export: contract.Export, url_of: UrlOf) -> ExportReply:
    """Convert an export; a finished archive gets a signed address."""
    return {
        "export": {
            "id": str(export["id"]),
            "state": export["state"],
            "requested_at": export["requested_at"],
            "ready_at": export["ready_at"],
            "expires_at": export["expires_at"],
            "bytes": export["bytes"],
            "url": None if export["key"] is None else url_of(export["key"]),
        }
    }
