"""Turns every failure into problem+json (RFC 9457); an unexpected one reveals no details."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import TypedDict

from shared.errors import (
    AppError,
    BadRequest,
    FieldError,
    Invalid,
    UnsupportedMediaType,
    error_of,
)
from shared.faults import LANGUAGES, TITLES_ES, fault_of_library, language_of
from shared.http_server.methods import allow_header, allowed_methods
from shared.logs import get_logger, request_id

log = get_logger()

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:retrato:problem:"
_METHOD_NOT_ALLOWED = 405
_JSON_WANTED = "Send JSON, and say so: Content-Type: application/json."


class ProblemField(TypedDict):
    """One rejected field: a stable code, the values of its rule, and a sentence made of both."""

    field: str
    code: str
    message: str
    values: dict[str, str]


class Problem(TypedDict):
    """The body of every error; `error` repeats `title` for clients that expect that name."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None
    error: str
    errors: NotRequired[list[ProblemField]]


class ProblemReply(Response):
    """The reply for an error; only a reply that names fields depends on `accept_language`."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        error: AppError,
        headers: Mapping[str, str] | None = None,
        *,
        accept_language: str = "",
    ) -> None:
        named = {**error.headers(), **(headers or {}), "Cache-Control": "no-store"}
        language = LANGUAGES[0]
        if _names_fields(error):
            language = language_of(accept_language)
            named |= {"Content-Language": language, "Vary": "Accept-Language"}
        body = {**problem_body(error, language), **error.members()}
        super().__init__(orjson.dumps(body), error.status, named)


def problem_body(error: AppError, language: str = LANGUAGES[0]) -> Problem:
    """Return an error's body, with the id of the current request.

    Callers pass another language than English only for errors that name fields, because people
    read those.
    """
    title = error.title if language == LANGUAGES[0] else TITLES_ES.get(error.code, error.title)
    body = Problem(
        type=error.type_uri or TYPE_PREFIX + error.code,
        title=title,
        status=error.status,
        detail=title if error.detail == error.title else error.detail,
        code=error.code,
        request_id=request_id.get(),
        error=title,
    )
    if _names_fields(error):
        body["errors"] = [_problem_field(one, language) for one in error.errors]
    return body


def _names_fields(error: AppError) -> bool:
    return bool(error.errors) or error.status == Invalid.status


def _problem_field(error: FieldError, language: str) -> ProblemField:
    return ProblemField(
        field=error.field,
        code=error.fault.code,
        message=error.fault.sentence(language),
        values=dict(error.fault.values),
    )


def problem_replies(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return a value for a route's `responses=`: these statuses with problem+json bodies."""
    return {
        status: {
            "description": _title_of(status),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def install_problem_handlers(app: FastAPI) -> None:
    """Turn the errors of routes and the refusals of the framework into problems."""
    app.exception_handlers[AppError] = _on_app_error
    app.exception_handlers[RequestValidationError] = _on_validation_error
    app.exception_handlers[HTTPException] = _on_http_exception


def reply_to(error: AppError, request: Request) -> ProblemReply:
    """Return the reply for an error that a route raised; a status of 500 or more is logged."""
    if error.status >= AppError.status:
        log.warning("failed", code=error.code, detail=error.detail, cause=repr(error.__cause__))
    return ProblemReply(error, accept_language=_accept_language(request))


def _accept_language(request: Request) -> str:
    return request.headers.get("accept-language", "")


class UnexpectedErrors:
    """ASGI middleware that logs an unexpected exception with its traceback and answers 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer exceptions that leave the application."""
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except AppError as error:  # A middleware raised it, where FastAPI's handlers do not reach.
            await ProblemReply(error)(scope, receive, send)
        except Exception as error:
            log.exception("unexpected_error", path=scope.get("path"), error=repr(error))
            if started:
                raise  # The reply has begun, so only a broken connection tells the caller.
            await ProblemReply(AppError())(scope, receive, send)


async def _on_app_error(request: Request, error: AppError) -> Response:
    return reply_to(error, request)


async def _on_validation_error(request: Request, error: RequestValidationError) -> Response:
    problems = error.errors()
    if _is_of_another_type(request, problems):
        return ProblemReply(UnsupportedMediaType(_JSON_WANTED))
    if any(problem["type"] == "json_invalid" for problem in problems):
        return ProblemReply(BadRequest("The body is not valid JSON."))
    refusal = Invalid(errors=_field_errors(problems))
    return ProblemReply(refusal, accept_language=_accept_language(request))


def _is_of_another_type(request: Request, problems: Sequence[Any]) -> bool:
    # FastAPI passes a body without a JSON media type on as bytes.
    if not any(problem["loc"] == ("body",) and problem["input"] for problem in problems):
        return False
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type != "application/json" and not media_type.endswith("+json")


def _field_errors(problems: Sequence[Any]) -> list[FieldError]:
    # The first part of `loc` is "body" or "query", which the caller knows.
    return [
        FieldError(
            ".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0]),
            fault_of_library(problem["type"], problem.get("ctx", {})),
        )
        for problem in problems
    ]


async def _on_http_exception(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    if error.status_code == _METHOD_NOT_ALLOWED:
        # The framework lists the methods of one route, but a path may have several routes.
        methods = allowed_methods(request.app.router.routes, request.scope["path"])
        headers["Allow"] = allow_header(methods)
    return ProblemReply(error_of(error.status_code), headers)


def _title_of(status: int) -> str:
    return error_of(status).title
