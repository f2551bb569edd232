"""A body as different viewers see it."""

from datetime import UTC, datetime

from services.feed.domain.post_bodies import Reactions, completeness, shown
from shared.contracts.posts import PostBody
from shared.http_server.examples import example_of
from shared.wire_time import wire_time

_BODY: PostBody = example_of(PostBody) | {"id": 7}


def test_a_post_carries_its_viewers_reactions() -> None:
    post = shown(_BODY, Reactions(frozenset({7}), frozenset({7}), {7: 3}, {7: 5}))
    assert (post["liked"], post["saved"]) == (True, True)
    assert (post["like_count"], post["comment_count"]) == (3, 5)
    post = shown(_BODY, Reactions(frozenset({8}), frozenset({8}), {8: 3}, {8: 5}))
    assert (post["liked"], post["saved"]) == (False, False)
    assert (post["like_count"], post["comment_count"]) == (0, 0)


def test_showing_a_body_does_not_change_it() -> None:
    before = dict(_BODY)
    shown(_BODY, Reactions(frozenset({7}), frozenset(), {7: 3}, {}))
    assert before == _BODY


def test_a_time_is_written_with_milliseconds_and_z() -> None:
    moment = datetime(2026, 5, 4, 9, 30, 0, 120_999, tzinfo=UTC)
    assert wire_time(moment) == "2026-05-04T09:30:00.120Z"


def test_completeness_has_two_words() -> None:
    assert completeness(complete=True) == "complete"
    assert completeness(complete=False) == "partial"
