"""Checks that gateways give the same replies, because a smaller reply would be cheaper."""

import itertools
from collections.abc import Mapping
from typing import Any

import orjson


def differences(replies: Mapping[str, bytes]) -> list[str]:
    """Return the differences between gateways' home timelines for one viewer at one time.

    Posts, their order, the cursor and the completeness must be equal, and so must the posts' fields
    and types. Texts may differ, because the addresses of pictures are signed for a time window.
    """
    pages = {name: orjson.loads(reply) for name, reply in replies.items()}
    found = []
    for (one, page), (other, of_other) in itertools.pairwise(pages.items()):
        if [post["id"] for post in page["items"]] != [post["id"] for post in of_other["items"]]:
            found.append(f"{one} and {other} show different posts")
        elif shape(page["items"]) != shape(of_other["items"]):
            found.append(f"{one} and {other} show the same posts with different fields")
        if _rest(page) != _rest(of_other):
            found.append(f"{one} and {other} end the page differently")
    return found


def shape(value: Any) -> Any:
    """Replace each text, number and other leaf by the name of its type."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def _rest(page: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in page.items() if key != "items"}
