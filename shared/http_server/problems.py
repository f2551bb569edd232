"""Every failure leaves as problem+json (RFC 9457); nothing of an unexpected one is given away."""

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
    """One rejected field: a stable code, and a sentence made of it and the values of the rule."""

    field: str
    code: str
    message: str
    values: dict[str, str]


class Problem(TypedDict):
    """The body of every error; `error` repeats `title` for clients of older habits."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None
    error: str
    errors: NotRequired[list[ProblemField]]


class ProblemReply(Response):
    """An error as its caller sees it."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        error: AppError,
        headers: Mapping[str, str] | None = None,
        *,
        accept_language: str = "",
    ) -> None:
        named = {"Cache-Control": "no-store", **error.headers(), **(headers or {})}
        language = LANGUAGES[0]
        if _names_fields(error):
            language = language_of(accept_language)
            named |= {"Content-Language": language, "Vary": "Accept-Language"}
        super().__init__(orjson.dumps(problem_body(error, language)), error.status, named)


def problem_body(error: AppError, language: str = LANGUAGES[0]) -> Problem:
    """What an error says of itself, with the id of the request at hand.

    Only what names fields is in another language than English: people read it.
    """
    title = error.title if language == LANGUAGES[0] else TITLES_ES.get(error.code, error.title)
    body = Problem(
        type=TYPE_PREFIX + error.code,
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
    """For a route's `responses=`: these statuses as problem+json in the OpenAPI document."""
    return {
        status: {
            "description": _title_of(status),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def install_problem_handlers(app: FastAPI) -> None:
    """Turn what routes raise, and what the framework refuses, into problems."""
    app.exception_handlers[AppError] = _on_app_error
    app.exception_handlers[RequestValidationError] = _on_validation_error
    app.exception_handlers[HTTPException] = _on_http_exception


def reply_to(error: AppError, request: Request) -> ProblemReply:
    """What the caller is told of an error that a route raised; a failure is logged besides."""
    if error.status >= AppError.status:
        log.warning("failed", code=error.code, detail=error.detail, cause=repr(error.__cause__))
    return ProblemReply(error, accept_language=_accept_language(request))


def _accept_language(request: Request) -> str:
    return request.headers.get("accept-language", "")


class UnexpectedErrors:
    """ASGI middleware: an exception that nobody foresaw is logged whole and answered with a 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except AppError as error:  # Raised by a middleware, outside the reach of the handlers.
            await ProblemReply(error)(scope, receive, send)
        except Exception as error:
            log.exception("unexpected_error", path=scope.get("path"), error=repr(error))
            if started:
                raise  # Half a reply is out: only breaking the connection tells the caller.
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
    # The framework hands a body that is not said to be JSON to the route as bytes.
    if not any(problem["loc"] == ("body",) and problem["input"] for problem in problems):
        return False
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type != "application/json" and not media_type.endswith("+json")


def _field_errors(problems: Sequence[Any]) -> list[FieldError]:
    # The first part of the path says "body" or "query", which the caller knows.
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
        # The framework names the methods of one route; an address may have several.
        methods = allowed_methods(request.app.router.routes, request.scope["path"])
        headers["Allow"] = allow_header(methods)
    return ProblemReply(error_of(error.status_code), headers)


def _title_of(status: int) -> str:
    return error_of(status).title
