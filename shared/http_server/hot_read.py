"""A read of which most requests consist: where it is plainly asked for, nothing is parsed twice.

FastAPI calls a route through the models of its parameters and of what they depend on. That is the
greater part of its work, and finds the same each time. Such a route names a function that knows the
usual request; all others go FastAPI's way, which says what is wrong with them. The route stays
declared, documented and checked like any other. `route_class` and `get_route_handler` are FastAPI's
own places for this.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

# Answers a request that is plainly sound; None leaves it to the framework.
Answer = Callable[[Request], Awaitable[Response | None]]


def hot_read(answer: Answer) -> type[APIRoute]:
    """The `route_class` of a router that holds this one route."""

    class HotRoute(APIRoute):
        """Asks `answer` first."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """How each request is handled; called once."""
            by_framework = super().get_route_handler()

            async def handle(request: Request) -> Response:
                reply = await answer(request)
                return await by_framework(request) if reply is None else reply

            return handle

    return HotRoute
