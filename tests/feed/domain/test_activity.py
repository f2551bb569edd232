"""Deeds grouped into lines."""

from services.feed.domain.activity import Deed, lines_of, page_of
from shared.contracts.activity import ActivityKind

DAY = 24 * 3600 * 1000 << 23
NOW = 500 * DAY
POST, OTHER = 70, 71
ALICE, BOB, CAROL = 1, 2, 3


def deed(kind: ActivityKind, subject: int, actor: int, version: int) -> Deed:
    return Deed(kind, subject, actor, None if kind.startswith("follow") else POST, version)


def test_likes_of_one_post_form_one_line_at_the_place_of_the_newest() -> None:
    deeds = [
        deed("like", POST, BOB, NOW),
        deed("like", OTHER, CAROL, NOW - 1),
        deed("like", POST, ALICE, NOW - 2),
    ]
    first, second = lines_of(deeds)
    assert (first.actor_ids, first.newest.version) == ([BOB, ALICE], NOW)
    assert second.actor_ids == [CAROL]


def test_each_comment_is_a_line_of_its_own() -> None:
    deeds = [deed("comment", subject, BOB, NOW - subject) for subject in (80, 81)]
    deeds += [deed("mention", 82, BOB, NOW - 90), deed("reply", 83, BOB, NOW - 91)]
    assert len(lines_of(deeds)) == 4


def test_a_comment_that_mentions_its_recipient_is_told_once() -> None:
    deeds = [deed("mention", 80, BOB, NOW), deed("comment", 80, BOB, NOW)]
    assert [line.newest.kind for line in lines_of(deeds)] == ["comment"]


def test_follows_of_one_day_form_a_line_and_all_requests_form_one() -> None:
    deeds = [
        deed("follow", ALICE, ALICE, NOW + 5),
        deed("follow", BOB, BOB, NOW + 4),
        deed("follow", CAROL, CAROL, NOW - DAY),
        deed("follow_request", BOB, BOB, NOW - 2 * DAY),
        deed("follow_request", CAROL, CAROL, NOW - 9 * DAY),
    ]
    assert [line.actor_ids for line in lines_of(deeds)] == [[ALICE, BOB], [CAROL], [BOB, CAROL]]


def test_a_page_continues_below_the_last_line_of_the_previous_one() -> None:
    lines = lines_of(deed("comment", subject, BOB, NOW - subject) for subject in range(5))
    page, after = page_of(lines, NOW + 1, 2)
    assert after is not None
    assert page == lines[:2]
    assert page_of(lines, after, 3) == (lines[2:], None)
