"""What shape a successful reply has: said beside a route, looked into for its document only."""

from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute
from fastapi.utils import create_model_field
from starlette.routing import BaseRoute

# The framework's own word for it is "model", and it makes a validator of each as soon as the route
# is declared. Nothing is validated on its way out here, so that would only delay the start.
SHAPE = "shape"


def describe_shapes(routes: Iterable[BaseRoute]) -> None:
    """Let the document of each route hold the shapes of its replies; again changes nothing."""
    for route in routes:
        if isinstance(route, APIRoute):
            _describe(route)


def _describe(route: APIRoute) -> None:
    said = route.responses
    # Others may hold the same parts, so none of them is changed.
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
