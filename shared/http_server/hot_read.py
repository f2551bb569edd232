"""A read of which most requests consist: where it is plainly asked for, nothing is parsed twice.

FastAPI calls a route through the models of its parameters and of what they depend on. That is the
greater part of its work, and finds the same each time. Such a route names a function that finds
the arguments in the usual request; all other requests go FastAPI's way, which says what is wrong
with them. The route stays declared, documented and checked like any other. `route_class` and
`get_route_handler` are FastAPI's own places for this.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

# What the route's function takes after the request; None leaves the request to the framework.
Arguments = Callable[[Request], Awaitable[tuple[Any, ...] | None]]


def hot_read(arguments_of: Arguments) -> type[APIRoute]:
    """The `route_class` of a router whose routes' functions take a request, then `arguments_of`."""

    class HotRoute(APIRoute):
        """Looks for the arguments first."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """How each request is handled; called once."""
            by_framework = super().get_route_handler()
            answer: Callable[..., Awaitable[Response]] = self.endpoint

            async def handle(request: Request) -> Response:
                arguments = await arguments_of(request)
                if arguments is None:
                    return await by_framework(request)
                return await answer(request, *arguments)

            return handle

    return HotRoute
