"""Every error code of the public API, with its status and title, for the document."""

from dataclasses import dataclass
from typing import Any

from services.gateway.domain.maintenance import UnderMaintenance
from services.gateway.domain.stream import TooManyStreams
from services.gateway.domain.tus import VersionNotSpoken
from services.gateway.domain.upload_draft import CompletedUpload, InconsistentLength
from services.gateway.domain.upload_requests import ChecksumMismatch
from shared import errors
from shared.http_server.problems import MEDIA_TYPE, TYPE_PREFIX


@dataclass(frozen=True, slots=True)
class ProblemCode:
    """A kind of problem that clients can identify."""

    status: int
    code: str
    title: str
    type_uri: str = ""


def _of(kind: type[errors.AppError]) -> ProblemCode:
    return ProblemCode(kind.status, kind.code, kind.title, kind.type_uri)


BAD_REQUEST = _of(errors.BadRequest)
UNAUTHENTICATED = _of(errors.Unauthenticated)
TOKEN_EXPIRED = _of(errors.TokenExpired)
TOKEN_UNKNOWN = _of(errors.TokenUnknown)
SESSION_ENDED = ProblemCode(401, "session_ended", "This session has ended; sign in again.")
WRONG_CREDENTIALS = ProblemCode(401, "wrong_credentials", "The name or the password is wrong.")
ACCOUNT_SUSPENDED = ProblemCode(403, "account_suspended", "This account has been suspended.")
WRONG_PASSWORD = ProblemCode(403, "wrong_password", "The password is wrong.")
WRONG_CODE = ProblemCode(403, "wrong_code", "The code or link is wrong, or it has ended.")
FORBIDDEN = _of(errors.Forbidden)
NOT_FOUND = _of(errors.NotFound)
USERNAME_TAKEN = ProblemCode(409, "username_taken", "This username is taken.")
EMAIL_TAKEN = ProblemCode(409, "email_taken", "This e-mail address belongs to another account.")
EMAIL_VERIFIED = ProblemCode(409, "email_verified", "This address is verified already.")
PHOTO_NOT_READY = ProblemCode(409, "photo_not_ready", "The photo is still being processed.")
PHOTO_ALREADY_PUBLISHED = ProblemCode(
    409, "photo_already_published", "The photo is already part of a post."
)
PHOTO_FAILED = ProblemCode(409, "photo_failed", "The photo could not be processed.")
OFFSET_MISMATCH = ProblemCode(409, "offset_mismatch", "The upload has another offset.")
TOO_MANY_PIECES = ProblemCode(
    409,
    "too_many_pieces",
    "This upload came in too many small pieces; start again with larger ones.",
)
TUS_VERSION_NOT_SPOKEN = _of(VersionNotSpoken)
INCONSISTENT_UPLOAD_LENGTH = _of(InconsistentLength)
UPLOAD_COMPLETED = _of(CompletedUpload)
CHECKSUM_MISMATCH = _of(ChecksumMismatch)
PROFILE_CHANGED = ProblemCode(
    409, "profile_changed", "The profile was changed at the same time; try again."
)
REQUEST_IN_PROGRESS = _of(errors.RequestInProgress)
PRECONDITION_FAILED = _of(errors.PreconditionFailed)
TOO_LARGE = _of(errors.TooLarge)
# The balancers reply this if an address does not fit into their buffers.
ADDRESS_TOO_LONG = ProblemCode(414, "address_too_long", "The address is too long.")
UNSUPPORTED_MEDIA_TYPE = _of(errors.UnsupportedMediaType)
INVALID = _of(errors.Invalid)
IDEMPOTENCY_KEY_REUSED = _of(errors.IdempotencyKeyReused)
OWN_ACCOUNT = ProblemCode(422, "own_account", "This cannot be done with your own account.")
NOT_AN_IMAGE = ProblemCode(422, "not_an_image", "This is not a picture.")
DIGEST_MISMATCH = ProblemCode(422, "digest_mismatch", "The bytes do not match their digest.")
TOO_MANY_REQUESTS = _of(errors.TooManyRequests)
TOO_MANY_PHOTOS_TODAY = ProblemCode(
    429, "too_many_photos_today", "No more photos today; try again tomorrow."
)
TOO_MANY_UPLOADS = ProblemCode(
    429,
    "too_many_uploads",
    "Too many uploads are unfinished: finish one or delete one.",
)
TOO_MANY_STREAMS = _of(TooManyStreams)
TOO_MANY_SIGN_INS = ProblemCode(
    429, "too_many_sign_ins", "Too many attempts to sign in; wait a little."
)
TOO_MANY_GUESSES = ProblemCode(429, "too_many_guesses", "Too many wrong passwords; wait a little.")
TOO_MANY_MAILS = ProblemCode(
    429, "too_many_mails", "Too many messages were asked for; wait a little."
)
UNAVAILABLE = _of(errors.Unavailable)
UNDER_MAINTENANCE = _of(UnderMaintenance)
OVERLOADED = _of(errors.Overloaded)
DEADLINE_EXCEEDED = _of(errors.DeadlineExceeded)
QUOTA_EXCEEDED = _of(errors.QuotaExceeded)

_FIELDS = {
    INVALID: [
        {
            "field": "caption",
            "code": "too_long",
            "message": "At most 2200 characters.",
            "values": {"max": "2200"},
        }
    ],
    OWN_ACCOUNT: [
        {
            "field": "user_id",
            "code": "own_account",
            "message": "This is your own account.",
            "values": {},
        }
    ],
}

# A limit or the limiter may refuse any route, and any route may need a part that is away.
_ALWAYS = (TOO_MANY_REQUESTS, OVERLOADED, UNAVAILABLE, DEADLINE_EXCEEDED)


def problems(*codes: ProblemCode) -> dict[int | str, dict[str, Any]]:
    """A route's problems for `responses=`, by status, each code with an example."""
    replies: dict[int | str, dict[str, Any]] = {}
    # Routes that need a token may get an ended one.
    ended = (TOKEN_EXPIRED, SESSION_ENDED, TOKEN_UNKNOWN) if UNAUTHENTICATED in codes else ()
    for code in (*codes, *ended, *_ALWAYS):
        add_problem(replies, code.status, code)
    return replies


def add_problem(replies: dict[Any, dict[str, Any]], key: int | str, code: ProblemCode) -> None:
    """Add a code with its example to the replies of its status, which are under `key`."""
    reply = replies.setdefault(
        key,
        {
            "description": "",
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {},
                }
            },
        },
    )
    reply["description"] += (" or " if reply["description"] else "") + f"`{code.code}`"
    reply["content"][MEDIA_TYPE]["examples"][code.code] = {"value": _example(code)}


def _example(code: ProblemCode) -> dict[str, Any]:
    example: dict[str, Any] = {
        "type": code.type_uri or TYPE_PREFIX + code.code,
        "title": code.title,
        "status": code.status,
        "detail": code.title,
        "code": code.code,
        "request_id": "0f8fad5bd9cb469fa16570867728950e",
        "error": code.title,
    }
    if code.status == INVALID.status:
        example["errors"] = _FIELDS.get(code, [])
    return example
