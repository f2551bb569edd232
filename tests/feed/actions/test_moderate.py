"""Reports, and what operators do about them."""

import pytest

from services.feed.actions.erase_account import Published, erase_account
from services.feed.actions.moderate import moderate
from services.feed.actions.read_comments import read_comment
from services.feed.actions.read_posts import read_post, read_user_posts
from services.feed.actions.report_subject import report_subject
from services.feed.actions.reported_subjects import reported_subjects
from services.feed.resources import Resources
from services.feed.store.posts import bodies_by_ids
from services.feed.store.reports import NewReport, Subject, close_reports, oldest_open_reports
from shared.contracts.reports import ReportReason
from shared.errors import Invalid, NotFound
from tests.delivered_events import forget_events
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers


async def _report(
    resources: Resources,
    subject: Subject,
    author: int,
    *,
    reporter: int | None = None,
    reason: ReportReason = "spam",
    note: str = "",
) -> int:
    new = NewReport(reporter or new_id(), subject, author, reason, note)
    return (await report_subject(resources.group, new))["id"]


async def _waiting(resources: Resources, subject: Subject) -> int:
    reports = await oldest_open_reports(resources.group, 100_000)
    return sum(report.subject == subject for report in reports)


async def _hide(resources: Resources, subject: Subject, *, is_hidden: bool = True) -> bool:
    return await moderate(resources.group, resources.bodies, subject, is_hidden=is_hidden)


async def test_a_repeated_report_replaces_the_first_and_is_open_again(
    resources: Resources,
) -> None:
    subject, author, bob = Subject("user", new_id()), new_id(), new_id()
    first = await _report(resources, subject, author, reporter=bob)
    assert await _report(resources, subject, author, reporter=bob, reason="violence") == first
    assert await _waiting(resources, subject) == 1
    assert await close_reports(resources.group, subject) == 1
    assert await _waiting(resources, subject) == 0
    await _report(resources, subject, author, reporter=bob)
    assert await _waiting(resources, subject) == 1


@pytest.mark.parametrize("note", ["x" * 1_001, "bell \a"])
async def test_an_invalid_note_is_refused(resources: Resources, note: str) -> None:
    with pytest.raises(Invalid):
        await _report(resources, Subject("user", new_id()), new_id(), note=note)


async def test_reports_are_listed_by_subject_with_an_excerpt(
    resources: Resources, cast: Cast
) -> None:
    alice = new_id()
    post = await cast.publishes(alice, "Buy this now")
    subject = Subject("post", post)
    for reason in ("spam", "spam", "illegal"):
        await _report(resources, subject, alice, reason=reason, note="Again")
    listed = await reported_subjects(resources.group, resources.comments, 100_000)
    (found,) = [one for one in listed if one.subject == subject]
    assert found.reasons == {"spam": 2, "illegal": 1}
    assert (found.excerpt, found.state, found.author_id) == ("Buy this now", "stands", alice)
    assert found.notes == ["Again"] * 3


async def test_a_hidden_post_leaves_every_page_and_returns_when_shown_again(
    resources: Resources, cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    post = await cast.publishes(alice)
    subject = Subject("post", post)
    await _report(resources, subject, alice)
    assert await cast.home_ids(bob) == [post]
    assert await _hide(resources, subject)
    assert await _waiting(resources, subject) == 0
    assert await cast.home_ids(bob) == []
    with pytest.raises(NotFound):
        await read_post(resources.bodies, resources.reactions, post, alice)
    page = await read_user_posts(resources.group, resources.reactions, alice, alice, (20, None))
    assert page["items"] == []
    assert not await _hide(resources, subject)
    assert await _hide(resources, subject, is_hidden=False)
    assert await cast.home_ids(bob) == [post]


async def test_a_hidden_comment_disappears_and_returns_when_shown_again(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = new_id(), new_id()
    post = await cast.publishes(alice)
    comment = await cast.comments(bob, post)
    subject = Subject("comment", comment)
    assert await _hide(resources, subject)
    assert await resources.comments.page_of_post(post, after=0, limit=9) == []
    with pytest.raises(NotFound):
        await read_comment(resources.comments, resources.comment_likes, comment, alice)
    assert await _hide(resources, subject, is_hidden=False)
    assert len(await resources.comments.page_of_post(post, after=0, limit=9)) == 1


async def test_deleting_an_account_removes_its_hidden_posts_and_all_reports_about_it(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = new_id(), new_id()
    post = await cast.publishes(alice)
    await _hide(resources, Subject("post", post))
    by_others = Subject("post", post)
    await _report(resources, by_others, alice)
    by_alice = Subject("user", bob)
    await _report(resources, by_alice, bob, reporter=alice)
    for _ in range(5):
        await forget_events(resources.group)
        if await erase_account(
            resources.group,
            Published(resources.bodies, resources.comments, resources.reactions),
            resources.edges(),
            resources.destinations(),
            alice,
        ):
            break
    assert await _waiting(resources, by_others) == await _waiting(resources, by_alice) == 0
    assert (await bodies_by_ids(resources.group, [post])).get(post) is None
    assert not await _hide(resources, by_others, is_hidden=False)
