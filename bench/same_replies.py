"""Whether gateways answer the same: who answers less would be the cheaper one for nothing."""

import itertools
from collections.abc import Mapping
from typing import Any

import orjson


def differences(replies: Mapping[str, bytes]) -> list[str]:
    """Between the home timelines that gateways, by name, gave to one viewer at the same time.

    The same posts in the same order, the same cursor and completeness, and in each post the same
    fields of the same types. Not the same texts: addresses of pictures are signed for a window.
    """
    pages = {name: orjson.loads(reply) for name, reply in replies.items()}
    found = []
    for (one, page), (other, of_other) in itertools.pairwise(pages.items()):
        if [post["id"] for post in page["items"]] != [post["id"] for post in of_other["items"]]:
            found.append(f"{one} and {other} show other posts")
        elif shape(page["items"]) != shape(of_other["items"]):
            found.append(f"{one} and {other} say other things of the same posts")
        if _rest(page) != _rest(of_other):
            found.append(f"{one} and {other} end the page in another way")
    return found


def shape(value: Any) -> Any:
    """The value with the name of its type in place of each text, number and so on."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def _rest(page: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in page.items() if key != "items"}
