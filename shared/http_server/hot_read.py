"""A fast path for the most frequent reads that skips FastAPI's parameter handling.

FastAPI resolves the parameters and dependencies of a route for every request, which is most of its
work. A hot route names a function that reads the arguments from the usual form of its request.
FastAPI handles all other forms, and explains what is wrong with them. The route stays declared,
documented and tested like any other. `route_class` and `get_route_handler` are FastAPI's extension
points for this.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

# Returns what the route's function takes after the request; None leaves the request to FastAPI.
Arguments = Callable[[Request], Awaitable[tuple[Any, ...] | None]]


def hot_read(arguments_of: Arguments) -> type[APIRoute]:
    """Return a `route_class`; its routes' functions take the request, then `arguments_of` it."""

    class HotRoute(APIRoute):
        """Tries `arguments_of` before FastAPI's own handler."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """Return the route's handler; FastAPI calls this once per route."""
            by_framework = super().get_route_handler()
            answer: Callable[..., Awaitable[Response]] = self.endpoint

            async def handle(request: Request) -> Response:
                arguments = await arguments_of(request)
                if arguments is None:
                    return await by_framework(request)
                return await answer(request, *arguments)

            return handle

    return HotRoute
