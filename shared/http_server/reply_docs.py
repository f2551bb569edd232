"""How a successful reply is written down in the OpenAPI document."""

from typing import Any

from shared.http_server.examples import example_of
from shared.http_server.reply_shapes import SHAPE


def reply(status: int, model: Any, description: str) -> dict[int | str, Any]:
    """For a route's `responses=`: the type of the body, and one body as it may be."""
    return {
        status: {
            SHAPE: model,
            "description": description,
            "content": {"application/json": {"example": example_of(model)}},
        }
    }


def no_content(description: str) -> dict[int | str, Any]:
    """For a route's `responses=`: nothing is said but that it is done."""
    return {204: {"description": description}}
