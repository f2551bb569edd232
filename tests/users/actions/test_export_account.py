"""A copy of an account: begun once, handed in once, and only for its owner."""

import io
import zipfile
from typing import Any

import orjson
import pytest

from services.users.actions.block import block
from services.users.actions.export_account import export_account
from services.users.actions.follow import follow
from services.users.actions.read_export import read_export
from services.users.actions.request_export import request_export
from services.users.domain.edge_kinds import BLOCK, FOLLOW, MUTE
from services.users.resources import Resources
from shared.errors import NotFound
from tests.users.cast import PASSWORD, Cast
from tests.users.fake_feed import FakeFeed


async def _export(resources: Resources, user_id: int) -> None:
    graph = {FOLLOW: resources.follows, BLOCK: resources.blocks, MUTE: resources.mutes}
    await export_account(
        resources.group, graph, resources.feed_exporting, resources.archives, user_id
    )


def _documents(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            name.removesuffix(".json"): orjson.loads(archive.read(name))
            for name in archive.namelist()
            if name.endswith(".json")
        }


async def test_the_documents_are_handed_in_once(
    resources: Resources, cast: Cast, fake_feed: FakeFeed
) -> None:
    group, follows, feed = resources.group, resources.follows, resources.feed
    alice, bob, carol = await cast.user_ids("alice", "bob", "carol")
    await follow(group, follows, feed, alice, bob)
    await block(group, follows, resources.blocks, feed, alice, carol)
    await request_export(group, resources.passwords, alice, PASSWORD)
    await request_export(group, resources.passwords, alice, PASSWORD)
    export = await read_export(group, resources.archives, alice)
    assert export["state"] == "pending"
    for _time in range(2):
        await _export(resources, alice)
    (content,) = fake_feed.archives_of(alice)
    documents = _documents(content)
    assert [person["id"] for person in documents["following"]] == [str(bob)]
    assert [person["id"] for person in documents["blocked"]] == [str(carol)]
    assert documents["followers"] == documents["muted"] == []
    assert documents["profile"][0]["id"] == str(alice)
    assert documents["posts"] == [{"of": alice, "number": 1}, {"of": alice, "number": 2}]
    export = await read_export(group, resources.archives, alice)
    assert (export["state"], export["key"]) == ("ready", f"archives/{export['id']}.zip")


async def test_after_a_ready_copy_a_new_one_can_be_requested(
    resources: Resources, cast: Cast, fake_feed: FakeFeed
) -> None:
    alice = await cast.user_id("alice")
    ids = []
    for _time in range(2):
        await request_export(resources.group, resources.passwords, alice, PASSWORD)
        await _export(resources, alice)
        ids.append((await read_export(resources.group, resources.archives, alice))["id"])
    assert ids[0] != ids[1]


async def test_an_expired_copy_is_reported_as_expired(
    resources: Resources, cast: Cast, fake_feed: FakeFeed
) -> None:
    alice = await cast.user_id("alice")
    await request_export(resources.group, resources.passwords, alice, PASSWORD)
    await _export(resources, alice)
    fake_feed.archives.clear()
    export = await read_export(resources.group, resources.archives, alice)
    assert (export["state"], export["key"]) == ("expired", None)


async def test_an_account_without_a_request_has_no_copy(resources: Resources, cast: Cast) -> None:
    alice = await cast.user_id("alice")
    with pytest.raises(NotFound):
        await read_export(resources.group, resources.archives, alice)
    await _export(resources, alice)
