"""Texts of older rules are re-read once and lose nothing."""

import asyncio
import secrets

from services.feed.actions.read_tags import read_tag_timeline
from services.feed.actions.relink_texts import TextRelinker
from services.feed.actions.tag_posts import change_tags
from services.feed.domain.entities import read_text
from services.feed.domain.linked_text import LinkedText
from services.feed.resources import Resources
from services.feed.store.posts import insert_post
from shared.contracts.posts import Entity, Post
from shared.errors import Unavailable
from tests.feed.cast import Cast, draft_of, new_id
from tests.feed.fake_upload import snapshot
from tests.feed.fake_users import FakeUsers


async def _has_published_before(resources: Resources, caption: str, *tags: str) -> int:
    """A post as the previous release wrote it, under the tag names of its rules."""
    author, group = new_id(), resources.group
    as_before = LinkedText(list(tags), read_text(caption).mentions, [], [], 0)
    async with group.writer(group.shard_of(author)) as tx:
        body = await insert_post(tx, author, draft_of(caption), as_before, [snapshot(new_id())])
        await change_tags(group, tx, body["id"], after=tags)
    return body["id"]


async def _relink(resources: Resources, *changed: int) -> int:
    count = await TextRelinker(resources.group, resources.users).full_pass(asyncio.Event())
    for post_id in changed:
        # The relay does this a moment later.
        await resources.bodies.renew(post_id)
    return count


async def _under(resources: Resources, tag: str) -> list[int]:
    page = await read_tag_timeline(
        resources.tag_edges, resources.bodies, resources.reactions, tag, new_id(), (20, None, None)
    )
    return [post["id"] for post in page["items"]]


async def _seen(resources: Resources, post_id: int) -> Post:
    body = await resources.bodies.find(post_id)
    assert body is not None
    return body  # type: ignore[return-value]  # what of it is the same for everybody


async def test_a_post_of_older_rules_is_found_under_both_spellings_until_it_is_re_read(
    resources: Resources,
) -> None:
    word = f"sun{secrets.token_hex(4)}x"
    former, caption = f"{word}\ufe0f", f"#{word}\ufe0f and #other"
    old = await _has_published_before(resources, caption, former, "other")
    new = await Cast(resources).publishes(new_id(), f"#{word}")
    assert await _under(resources, former) == [new, old]
    assert await _under(resources, word) == [new]
    assert await _relink(resources, old) >= 1
    assert set(await _under(resources, word)) == {old, new}
    assert set(await _under(resources, former)) == {old, new}
    assert (await _seen(resources, old))["hashtags"] == [word, "other"]


async def test_a_second_run_changes_nothing(resources: Resources) -> None:
    post = await _has_published_before(resources, "#\u0130zmir", "i\u0307zmir")
    await _relink(resources)
    once = await _seen(resources, post)
    edges = await resources.tag_edges.target_ids(post, after=0, limit=10)
    assert (once["hashtags"], once["version"], once["edited_at"]) == (["izmir"], 1, None)
    assert await _relink(resources) == 0
    assert await _seen(resources, post) == once
    assert await resources.tag_edges.target_ids(post, after=0, limit=10) == edges
    assert len(edges) == 1


async def test_mentions_of_older_rules_become_links(
    resources: Resources, fake_users: FakeUsers
) -> None:
    bob = new_id()
    fake_users.ids_by_name["bob"] = bob
    post = await _has_published_before(resources, "with @bob")
    comment = await Cast(resources).comments(new_id(), post, "@bob look")
    await _relink(resources)
    link: Entity = {"kind": "mention", "start": 5, "end": 9, "user_id": str(bob)}
    assert (await _seen(resources, post))["entities"] == [link]
    assert (await resources.comments.by_ids([comment]))[comment]["entities"] == [
        replaced(link, start=0, end=4)
    ]


def replaced(link: Entity, *, start: int, end: int) -> Entity:
    """The same link at another place."""
    return {**link, "start": start, "end": end}


async def test_a_text_written_while_users_is_away_is_linked_later(
    resources: Resources, fake_users: FakeUsers
) -> None:
    bob = new_id()
    fake_users.ids_by_name["bob"] = bob
    fake_users.is_away = True
    post = await Cast(resources).publishes(new_id(), "with @bob #fog")
    before = await _seen(resources, post)
    assert [entity["kind"] for entity in before["entities"] or ()] == ["hashtag"]
    try:
        await _relink(resources)
    except Unavailable:
        fake_users.is_away = False
    assert not fake_users.is_away
    assert await _relink(resources, post) >= 1
    after = await _seen(resources, post)
    assert [entity.get("user_id") for entity in after["entities"] or ()] == [str(bob), None]
    assert after["hashtags"] == before["hashtags"] == ["fog"]
