"""Turns the problem+json of another service back into the error that it raised."""

from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from shared.errors import (
    AppError,
    DeadlineExceeded,
    FieldError,
    IdempotencyKeyReused,
    Overloaded,
    RequestInProgress,
    SessionEnded,
    TokenExpired,
    TokenUnknown,
    Unavailable,
    error_of,
)
from shared.faults import Fault
from shared.network.internal_tokens import InternalTokenRefused

# Kinds that callers catch by class; all other codes become the general kind of their status.
_KINDS_BY_CODE: Mapping[str, type[AppError]] = {
    kind.code: kind
    for kind in (
        SessionEnded,
        TokenExpired,
        TokenUnknown,
        RequestInProgress,
        IdempotencyKeyReused,
        Overloaded,
        DeadlineExceeded,
    )
}


def error_from_reply(response: httpx.Response, upstream: str) -> AppError:
    """Return an error with the reply's status, code, title, detail, fields and Retry-After.

    A reply that is not our problem+json, or that refuses our internal token, is a fault between
    services and becomes Unavailable.
    """
    problem = _problem(response)
    code = problem.get("code")
    if code is None or code == InternalTokenRefused.code:
        return Unavailable(f"The service {upstream} answered {response.status_code}.")
    kind = _KINDS_BY_CODE.get(code) or type(error_of(response.status_code))
    error = kind(
        problem.get("detail"),
        errors=[_field_error(field) for field in problem.get("errors", ())],
        retry_after_s=_retry_after_s(response),
    )
    error.status = response.status_code
    error.code = code
    error.title = problem.get("title", error.title)
    return error


def _field_error(told: Mapping[str, Any]) -> FieldError:
    # A replica of an older version sends no code.
    code, values = told.get("code", "unacceptable"), told.get("values", {})
    return FieldError(told["field"], Fault(code, values, told=told["message"]))


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        problem = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _retry_after_s(response: httpx.Response) -> int | None:
    value = response.headers.get("retry-after", "")
    return int(value) if value.isdecimal() else None
