"""Gateways that answer less than others are found out."""

from typing import Any

import orjson

from bench.same_replies import differences


def page(*ids: str, **fields: Any) -> bytes:
    posts = [{"id": post_id, "author": {"avatar": None}, "url": "a", **fields} for post_id in ids]
    return orjson.dumps({"items": posts, "next_cursor": "c", "completeness": "complete"})


def test_other_texts_are_no_difference() -> None:
    assert not differences({"one": page("1", "2", url="a"), "other": page("1", "2", url="b")})


def test_a_missing_post_is_a_difference() -> None:
    found = differences({"one": page("1", "2"), "same": page("1", "2"), "other": page("1")})
    assert found == ["same and other show different posts"]


def test_the_order_is_a_difference() -> None:
    assert differences({"one": page("1", "2"), "other": page("2", "1")})


def test_a_missing_field_is_a_difference() -> None:
    found = differences({"one": page("1", caption="Fog"), "other": page("1")})
    assert found == ["one and other show the same posts with different fields"]


def test_a_number_in_place_of_a_text_is_a_difference() -> None:
    assert differences({"one": page("1", caption="Fog"), "other": page("1", caption=3)})


def test_another_end_of_the_page_is_a_difference() -> None:
    last = orjson.dumps({"items": [], "next_cursor": None, "completeness": "complete"})
    assert differences({"one": page(), "other": last})
