"""The tree of error kinds, each with its HTTP status and stable code.

A named error of a rule lives beside the rule and derives from one of these. The HTTP server turns
any of them into problem+json, and the service client turns problem+json back into them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.faults import Fault


@dataclass(frozen=True, slots=True)
class FieldError:
    """One rejected field of a request: its dotted path and what is wrong with it."""

    field: str
    fault: Fault


class AppError(Exception):
    """An outcome that a caller can be told about.

    `status` and `code` are class attributes of each kind; `detail` is a sentence for people,
    `retry_after_s` becomes the Retry-After header.
    """

    status = 500
    code = "internal_error"
    title = "Something went wrong on our side."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s

    def headers(self) -> Mapping[str, str]:
        """Headers that this error adds to the reply."""
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}


class BadRequest(AppError):
    """The request could not be understood at all."""

    status = 400
    code = "bad_request"
    title = "The request could not be understood."


class Unauthenticated(AppError):
    """No valid session; never used for a lack of permission."""

    status = 401
    code = "unauthenticated"
    title = "Sign in first: there is no valid session."

    def headers(self) -> Mapping[str, str]:
        """RFC 9110 wants the scheme named on every 401."""
        return {"WWW-Authenticate": "Bearer"}


class TokenExpired(Unauthenticated):
    """The token has had its time, and its session goes on: the client refreshes."""

    code = "token_expired"
    title = "This access token has expired: refresh the session."


class TokenUnknown(Unauthenticated):
    """Nobody was ever given this token; the client signs in."""

    code = "token_unknown"
    title = "This is not a token of ours: sign in."


class SessionEnded(Unauthenticated):
    """The token was once good, and its session is over; the client signs in again."""

    code = "session_ended"
    title = "This session has ended: sign in again."


class Forbidden(AppError):
    """An action on something that the viewer may see but not change."""

    status = 403
    code = "forbidden"
    title = "You may not do this."


class NotFound(AppError):
    """It does not exist, or this viewer may not know that it does: the two look the same."""

    status = 404
    code = "not_found"
    title = "There is nothing here."


class Conflict(AppError):
    """The request is sound, but the present state does not allow it."""

    status = 409
    code = "conflict"
    title = "The present state does not allow this."


class RequestInProgress(Conflict):
    """The first request with this idempotency key is still running."""

    code = "request_in_progress"
    title = "The first request with this Idempotency-Key is still running."


class PreconditionFailed(AppError):
    """It is not in the version that the request names by If-Match."""

    status = 412
    code = "precondition_failed"
    title = "It is not as you last saw it any more; read it again."


class TooLarge(AppError):
    """The body exceeds a limit."""

    status = 413
    code = "too_large"
    title = "The request is too large."


class UnsupportedMediaType(AppError):
    """The body is of a type that the route does not take."""

    status = 415
    code = "unsupported_media_type"
    title = "This type of content is not accepted here."


class Invalid(AppError):
    """Well-formed, but against a rule; `errors` names the fields."""

    status = 422
    code = "invalid"
    title = "Some of the fields are not acceptable."


class IdempotencyKeyReused(Invalid):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used before with another request."


class TooManyRequests(AppError):
    """A limit of this caller is used up."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests; slow down."


class Unavailable(AppError):
    """A part that this needs does not answer; only actions may catch it, to degrade as written."""

    status = 503
    code = "unavailable"
    title = "A part of the service does not answer at the moment."


class Overloaded(Unavailable):
    """Refused at the door because the queue is full; cheap, and safe to retry."""

    code = "overloaded"
    title = "Too much is going on at the moment."


class DeadlineExceeded(Unavailable):
    """The time that the caller allowed is over."""

    status = 504
    code = "deadline_exceeded"
    title = "The answer did not come in time."


class QuotaExceeded(AppError):
    """The account has no room left."""

    status = 507
    code = "quota_exceeded"
    title = "There is no room left for this account."


_CODES = {405: "method_not_allowed", 406: "not_acceptable", 416: "range_not_satisfiable"}
_TITLES = {405: "This address does not take that method."}


def error_of(status: int) -> AppError:
    """The plainest error of a status."""
    error = _plainest_kinds().get(status, AppError)()
    if error.status != status:
        error.status = status
        error.code = _CODES.get(status, "bad_request" if status < AppError.status else error.code)
        error.title = error.detail = _TITLES.get(status, BadRequest.title)
    return error


def _plainest_kinds() -> dict[int, type[AppError]]:
    return {kind.status: kind for kind in reversed(AppError.__subclasses__())}
