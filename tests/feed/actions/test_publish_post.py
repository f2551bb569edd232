"""Publishing: once per key, all or nothing."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.feed.actions.publish_post import Asked, publish_post
from services.feed.domain.drafts import Draft
from services.feed.resources import Resources
from services.feed.store.fan_outs import Progress, find_fan_out
from services.feed.store.posts import post_counts_by_authors
from shared.errors import Conflict, IdempotencyKeyReused, Invalid, RequestInProgress
from tests.feed.cast import Cast, draft_of, new_id
from tests.feed.fake_upload import FakeUpload, snapshot


async def _publish(
    resources: Resources, author_id: int, draft: Draft, key: str
) -> Mapping[str, Any]:
    asked = Asked(resources.upload, resources.users)
    return await publish_post(resources.group, asked, resources.timelines, author_id, draft, key)


async def test_a_post_holds_its_draft_and_the_links_of_its_caption(
    resources: Resources,
) -> None:
    alice = new_id()
    draft = Draft(
        (new_id(), new_id()),
        "Fog with @Bob #Morning",
        {"name": "Old harbour", "lat": 53.5436, "lng": 9.9668},
    )
    post = await _publish(resources, alice, draft, "key")
    assert [photo["id"] for photo in post["photos"]] == list(draft.photo_ids)
    assert post["photos"][0] == snapshot(draft.photo_ids[0])
    assert (post["caption"], post["place"]) == (draft.caption, draft.place)
    assert (post["hashtags"], post["mentions"]) == (["morning"], ["bob"])
    assert (post["author_id"], post["version"], post["edited_at"]) == (alice, 1, None)
    assert (post["like_count"], post["liked"], post["saved"]) == (0, False, False)
    assert await resources.bodies.find(post["id"]) == {
        name: value
        for name, value in post.items()
        if name not in {"like_count", "comment_count", "liked", "saved"}
    }


async def test_a_post_is_written_to_its_authors_shard(resources: Resources) -> None:
    group = resources.group
    for _ in range(5):
        alice = new_id()
        post = await _publish(resources, alice, draft_of(), "key")
        assert group.shard_of(post["id"]) == group.shard_of(alice)


async def test_the_same_key_gives_the_same_post_again(
    resources: Resources, fake_upload: FakeUpload
) -> None:
    alice, draft = new_id(), draft_of("once")
    first = await _publish(resources, alice, draft, "key")
    assert await _publish(resources, alice, draft, "key") == first
    assert fake_upload.claim_calls == 1
    assert await post_counts_by_authors(resources.group, [alice]) == {alice: 1}


async def test_the_same_key_with_another_body_is_refused(resources: Resources) -> None:
    alice = new_id()
    await _publish(resources, alice, draft_of("one"), "key")
    with pytest.raises(IdempotencyKeyReused):
        await _publish(resources, alice, draft_of("two"), "key")


async def test_a_key_belongs_to_its_author(resources: Resources) -> None:
    alice, bob = new_id(), new_id()
    of_alice = await _publish(resources, alice, draft_of(), "key")
    of_bob = await _publish(resources, bob, draft_of(), "key")
    assert of_alice["id"] != of_bob["id"]


async def test_concurrent_requests_with_one_key_make_one_post(resources: Resources) -> None:
    alice, draft, key = new_id(), draft_of(), secrets.token_hex(8)
    ends = await asyncio.gather(
        *(_publish(resources, alice, draft, key) for _ in range(20)), return_exceptions=True
    )
    made = [end for end in ends if not isinstance(end, BaseException)]
    assert made
    assert all(isinstance(end, RequestInProgress) for end in ends if end not in made)
    assert {post["id"] for post in made} == {made[0]["id"]}
    assert await post_counts_by_authors(resources.group, [alice]) == {alice: 1}


async def test_a_photo_that_is_not_ready_leaves_no_post_and_the_key_unused(
    resources: Resources, fake_upload: FakeUpload
) -> None:
    alice, draft = new_id(), draft_of()
    fake_upload.processing.add(draft.photo_ids[0])
    with pytest.raises(Conflict) as refused:
        await _publish(resources, alice, draft, "key")
    assert (refused.value.code, refused.value.retry_after_s) == ("photo_not_ready", 2)
    assert await post_counts_by_authors(resources.group, [alice]) == {alice: 0}
    fake_upload.processing.clear()
    await _publish(resources, alice, draft, "key")


async def test_a_photo_is_published_once(resources: Resources) -> None:
    alice, draft = new_id(), draft_of()
    await _publish(resources, alice, draft, "one")
    with pytest.raises(Conflict) as refused:
        await _publish(resources, alice, draft, "two")
    assert refused.value.code == "photo_already_published"


async def test_an_invalid_draft_claims_no_photos(
    resources: Resources, fake_upload: FakeUpload
) -> None:
    with pytest.raises(Invalid) as refused:
        await _publish(resources, new_id(), Draft((), "", None), "key")
    assert [error.field for error in refused.value.errors] == ["photo_ids"]
    assert fake_upload.claim_calls == 0


async def test_a_new_post_is_queued_for_delivery_from_the_first_follower(
    cast: Cast, resources: Resources
) -> None:
    alice = new_id()
    post = await cast.publishes(alice)
    assert await find_fan_out(resources.group, post, alice) == Progress(0, 0)


async def test_publishing_needs_no_redis(resources: Resources, without_redis: Resources) -> None:
    alice = new_id()
    without = replace(resources, timelines=without_redis.timelines)
    post = await _publish(without, alice, draft_of(), "key")
    assert await Cast(resources).home_ids(alice) == [post["id"]]
