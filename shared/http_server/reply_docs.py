"""Describes successful replies for the OpenAPI document."""

from typing import Any

from shared.http_server.examples import example_of
from shared.http_server.reply_shapes import SHAPE


def reply(status: int, model: Any, description: str) -> dict[int | str, Any]:
    """Return a value for a route's `responses=`: the body's type and an example of it."""
    return {
        status: {
            SHAPE: model,
            "description": description,
            "content": {"application/json": {"example": example_of(model)}},
        }
    }


def no_content(description: str) -> dict[int | str, Any]:
    """Return a value for a route's `responses=`: a 204 without a body."""
    return {204: {"description": description}}
