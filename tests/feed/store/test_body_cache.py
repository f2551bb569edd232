"""Cached bodies as stored in Redis."""

import orjson

from services.feed.store.body_cache import parse_bodies
from shared.contracts.posts import PostBody
from shared.http_server.examples import example_of


def test_a_copy_of_an_older_version_gets_null_for_newer_fields() -> None:
    body = example_of(PostBody)
    newest = list(body)[-1]
    older = {name: value for name, value in body.items() if name != newest}
    found = parse_bodies([1, 2], [orjson.dumps(body), orjson.dumps(older)])
    assert found == {1: body, 2: {**body, newest: None}}


def test_withdrawn_and_leased_keys_hold_no_body() -> None:
    assert parse_bodies([1, 2, 3], [b"gone", b"lease:x", None]) == {1: None}
