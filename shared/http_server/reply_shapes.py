"""Adds the shapes of successful replies to routes, only when their document is made."""

from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute
from fastapi.utils import create_model_field
from starlette.routing import BaseRoute

# FastAPI's own key, "model", builds a validator as soon as the route is declared. Our replies are
# not validated, so that would only slow the start.
SHAPE = "shape"


def describe_shapes(routes: Iterable[BaseRoute]) -> None:
    """Add the reply shapes to the routes' documents; repeating it changes nothing."""
    for route in routes:
        if isinstance(route, APIRoute):
            _describe(route)


def _describe(route: APIRoute) -> None:
    said = route.responses
    # Several routes may share one reply dict, so it is copied and not changed.
    route.responses = {status: _without_shape(reply) for status, reply in said.items()}
    for status, reply in said.items():
        if SHAPE in reply:
            route.response_fields[status] = create_model_field(
                name=f"Response_{status}_{route.unique_id}",
                type_=reply[SHAPE],
                mode="serialization",
            )


def _without_shape(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in reply.items() if name != SHAPE}
