"""Which protocol of resumable uploads a request speaks."""

from collections.abc import Mapping

from services.gateway.domain import tus, upload_draft
from services.gateway.domain.upload_draft import Draft, draft_of
from services.gateway.domain.upload_requests import Dialect, is_media_type
from shared.errors import BadRequest, TooLarge

# Not Upload-Metadata: tus-js-client sends it in both.
_OF_TUS = (
    "tus-resumable",
    "upload-checksum",
    "upload-concat",
    "upload-defer-length",
)
_SUCCESSES = range(200, 300)


class MixedDialects(BadRequest):
    """A header of one protocol would be read and ignored by the other."""

    title = "Speak tus or the IETF draft of resumable uploads, not both in one request."

    def __init__(self) -> None:
        super().__init__(self.title)


def dialect_of(headers: Mapping[str, str]) -> Dialect:
    """The dialect of a request, which is tus unless it speaks the draft; raises MixedDialects.

    Names of `headers` are in lower case.
    """
    draft = draft_of(headers)
    if draft is None:
        return tus.Tus()
    is_of_tus = is_media_type(headers.get("content-type"), tus.CONTENT_TYPE)
    if is_of_tus or any(name in headers for name in _OF_TUS):
        raise MixedDialects
    return draft


def reply_headers(draft: Draft | None, method: str, status: int) -> dict[str, str]:
    """What every reply of the routes carries, with this method and status."""
    if draft is not None:
        return {"Upload-Limit": upload_draft.LIMITS} if status == TooLarge.status else {}
    headers = dict(tus.reply_headers(method, status))
    if method == "OPTIONS" and status in _SUCCESSES:
        headers["Accept-Patch"] = f"{upload_draft.CONTENT_TYPE}, {tus.CONTENT_TYPE}"
        headers["Upload-Limit"] = upload_draft.LIMITS
    return headers
