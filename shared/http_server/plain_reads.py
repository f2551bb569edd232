"""Reads that are called straight: the framework's way to a route costs more than most of them do.

A route is declared, documented and checked as ever. If it is a GET made from its path, its query
and the request alone, requests that are plainly sound are called here. Whatever is not goes the
framework's way, which finds the same route and says what is wrong.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import AppError
from shared.http_server.problems import reply_to

# Most ask for the first page with one of a few limits; a cursor is asked for once.
_QUERIES_KEPT = 512
_PARAMETER = re.compile(r"\{[^}]*\}")
_NUMBER = re.compile(r"/[0-9]+(?=/|$)")


class PlainReads:
    """ASGI middleware, the innermost."""

    def __init__(self, app: ASGIApp, *, routers: Iterable[APIRouter]) -> None:
        self.app = app
        self._reads = _reads_by_shape(
            [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the read that is asked for, or pass the request on."""
        if scope["type"] == "http" and scope["method"] == "GET":
            read = self._reads.get(_shape_of(scope["path"]))
            given = None if read is None else read.given(scope)
            if read is not None and given is not None:
                reply = await read.reply_to(Request(scope, receive), given)
                await reply(scope, receive, send)
                return
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Argument:
    """One that a function makes of path and request, such as who asks."""

    name: str
    made_by: Callable[..., Awaitable[Any]]
    request_name: str | None


@dataclass(frozen=True, slots=True)
class _Given:
    """What path and query say, to the route and to each function that makes an argument for it."""

    to_route: dict[str, Any]
    to_makers: list[dict[str, Any]]


class _PlainRead:
    """A route, and how its arguments are made."""

    def __init__(self, route: APIRoute) -> None:
        self._route = route
        makers = route.dependant.dependencies
        self._request_name = route.dependant.request_param_name
        self._made = [_argument(maker) for maker in makers]
        self._wanted_in_path = [one.path_params for one in (route.dependant, *makers)]
        self._query_of = lru_cache(_QUERIES_KEPT)(self._parse_query)

    def given(self, scope: Scope) -> _Given | None:
        """What path and query say; None if it is not as the route wants it."""
        query = self._query_of(scope["query_string"])
        found = self._route.path_regex.match(scope["path"])
        if query is None or found is None:
            return None
        converted = {
            name: self._route.param_convertors[name].convert(value)
            for name, value in found.groupdict().items()
        }
        in_path = []
        for wanted in self._wanted_in_path:
            arguments, errors = request_params_to_args(wanted, converted)
            if errors:
                return None
            in_path.append(arguments)
        return _Given(query | in_path[0], in_path[1:])

    async def reply_to(self, request: Request, given: _Given) -> Response:
        """The reply, also where it is a problem."""
        request.scope["route"] = self._route
        arguments = given.to_route
        try:
            for one, to_maker in zip(self._made, given.to_makers, strict=True):
                if one.request_name is not None:
                    to_maker[one.request_name] = request
                arguments[one.name] = await one.made_by(**to_maker)
            if self._request_name is not None:
                arguments[self._request_name] = request
            return cast(Response, await self._route.endpoint(**arguments))
        except AppError as error:
            return reply_to(error)

    def _parse_query(self, query: bytes) -> dict[str, Any] | None:
        wanted = self._route.dependant.query_params
        arguments, errors = request_params_to_args(wanted, QueryParams(query))
        return None if errors else arguments


def _argument(dependant: Dependant) -> _Argument:
    made_by = cast(Callable[..., Awaitable[Any]], dependant.call)
    return _Argument(dependant.name or "", made_by, dependant.request_param_name)


def _reads_by_shape(routes: Sequence[APIRoute]) -> dict[str, _PlainRead]:
    gets = [route for route in routes if "GET" in (route.methods or ())]
    reads: dict[str, _PlainRead] = {}
    for number, route in enumerate(gets):
        path = _PARAMETER.sub("1", route.path_format)
        # The framework takes the first that matches, so none may stand before it.
        is_first = not any(earlier.path_regex.match(path) for earlier in gets[:number])
        if is_first and _is_plain(route):
            reads[_shape_of(path)] = _PlainRead(route)
    return reads


def _shape_of(path: str) -> str:
    """The path with the same number in the place of each."""
    return _NUMBER.sub("/0", path)


def _is_plain(route: APIRoute) -> bool:
    returned = inspect.signature(route.endpoint).return_annotation
    return (
        inspect.iscoroutinefunction(route.endpoint)
        and inspect.isclass(returned)
        and issubclass(returned, Response)
        and _is_made_of_request(route.dependant)
        and all(map(_is_plain_argument, route.dependant.dependencies))
    )


def _is_plain_argument(dependant: Dependant) -> bool:
    return (
        dependant.name is not None
        and inspect.iscoroutinefunction(dependant.call)
        and _is_made_of_request(dependant)
        and not (dependant.dependencies or dependant.query_params)
    )


def _is_made_of_request(dependant: Dependant) -> bool:
    return not (
        dependant.header_params
        or dependant.cookie_params
        or dependant.body_params
        or dependant.http_connection_param_name
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
    )
