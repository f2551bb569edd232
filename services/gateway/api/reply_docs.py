"""Describes a route's successful replies in the public document."""

from typing import Any

from shared.http_server.reply_shapes import SHAPE

Replies = dict[int | str, dict[str, Any]]

_ETAG = {
    "ETag": {
        "description": "Send it as `If-None-Match` to get 304 while nothing has changed.",
        "schema": {"type": "string"},
    }
}
_LINK = {
    "Link": {
        "description": 'Address of the next page, `rel="next"`; absent on the last one.',
        "schema": {"type": "string"},
    }
}


def reply(status: int, model: type[Any], description: str) -> Replies:
    """A JSON reply of this shape, with the example of its name."""
    # By reference, because the framework drops every null from inline examples.
    name = model.__name__
    examples = {name: {"$ref": f"#/components/examples/{name}"}}
    return {
        status: {
            SHAPE: model,
            "description": description,
            "content": {"application/json": {"examples": examples}},
        }
    }


def no_content(description: str) -> Replies:
    """A 204 without a body."""
    return {204: {"description": description}}


def conditional(model: type[Any], description: str) -> Replies:
    """A reply with an ETag, and its 304."""
    found = reply(200, model, description)
    found[200]["headers"] = _ETAG
    return {**found, 304: {"description": "Nothing has changed.", "headers": _ETAG}}


def page(model: type[Any], description: str) -> Replies:
    """A page of a list, with a Link header."""
    found = reply(200, model, description)
    found[200]["headers"] = _LINK
    return found


def conditional_page(model: type[Any], description: str) -> Replies:
    """A page of a list whose first page has an ETag."""
    found = conditional(model, description)
    found[200]["headers"] = {**_ETAG, **_LINK}
    return found
