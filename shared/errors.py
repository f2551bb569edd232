"""The tree of error kinds, each with its HTTP status and stable code.

A named error lives beside the rule that raises it, and derives from one of these kinds. The HTTP
server turns every AppError into problem+json, and the service client turns it back.
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
    """A failure that the caller may see.

    Each kind sets `status`, `code` and `title`, and `type_uri` if a standard names the problem.
    `detail` is a sentence for people, by default the title. `retry_after_s` becomes the Retry-After
    header.
    """

    status = 500
    code = "internal_error"
    title = "Something went wrong on our side."
    type_uri = ""

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
        """Return the headers that this error adds to the reply."""
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}

    def members(self) -> Mapping[str, int]:
        """Return the members that a standard adds to the problem."""
        return {}


class BadRequest(AppError):
    """The request is malformed."""

    status = 400
    code = "bad_request"
    title = "The request could not be understood."


class Unauthenticated(AppError):
    """The caller has no valid session; a lack of permission is Forbidden or NotFound."""

    status = 401
    code = "unauthenticated"
    title = "Sign in first: there is no valid session."

    def headers(self) -> Mapping[str, str]:
        """Return WWW-Authenticate, which RFC 9110 demands on every 401."""
        return {"WWW-Authenticate": "Bearer"}


class TokenExpired(Unauthenticated):
    """The access token has expired but its session goes on; the client refreshes."""

    code = "token_expired"
    title = "This access token has expired: refresh the session."


class TokenUnknown(Unauthenticated):
    """We never issued this token; the client signs in."""

    code = "token_unknown"
    title = "This is not a token of ours: sign in."


class SessionEnded(Unauthenticated):
    """The token was valid but its session has ended; the client signs in again."""

    code = "session_ended"
    title = "This session has ended: sign in again."


class Forbidden(AppError):
    """The viewer may see the thing but not change it."""

    status = 403
    code = "forbidden"
    title = "You may not do this."


class NotFound(AppError):
    """The thing does not exist, or the viewer may not know that it does; both look the same."""

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
    """The thing no longer has a version that the request named in If-Match."""

    status = 412
    code = "precondition_failed"
    title = "This has changed since you last read it; read it again."


class TooLarge(AppError):
    """The body exceeds a limit."""

    status = 413
    code = "too_large"
    title = "The request is too large."


class UnsupportedMediaType(AppError):
    """The route does not accept the body's media type."""

    status = 415
    code = "unsupported_media_type"
    title = "This type of content is not accepted here."


class Invalid(AppError):
    """The request is well-formed but breaks a rule; `errors` names the fields."""

    status = 422
    code = "invalid"
    title = "Some of the fields are not acceptable."


class IdempotencyKeyReused(Invalid):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used before with another request."


class TooManyRequests(AppError):
    """The caller has used up one of its rate limits."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests; slow down."


class Unavailable(AppError):
    """A part that the work needs does not answer; only actions may catch this, to degrade."""

    status = 503
    code = "unavailable"
    title = "A part of the service does not answer at the moment."


class Overloaded(Unavailable):
    """The limiter refused the request before any work began, so a retry is safe."""

    code = "overloaded"
    title = "Too much is going on at the moment."


class DeadlineExceeded(Unavailable):
    """The caller's deadline has passed."""

    status = 504
    code = "deadline_exceeded"
    title = "The answer did not come in time."


class QuotaExceeded(AppError):
    """The account has used up its quota."""

    status = 507
    code = "quota_exceeded"
    title = "There is no room left for this account."


_CODES = {405: "method_not_allowed", 406: "not_acceptable", 416: "range_not_satisfiable"}
_TITLES = {405: "This address does not take that method."}


def error_of(status: int) -> AppError:
    """Return the most general error of a status, also for statuses without a kind of their own."""
    error = _plainest_kinds().get(status, AppError)()
    if error.status != status:
        error.status = status
        error.code = _CODES.get(status, "bad_request" if status < AppError.status else error.code)
        error.title = error.detail = _TITLES.get(status, BadRequest.title)
    return error


def _plainest_kinds() -> dict[int, type[AppError]]:
    return {kind.status: kind for kind in reversed(AppError.__subclasses__())}
