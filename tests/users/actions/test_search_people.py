"""Searching people across all shards."""

import secrets

import pytest

from services.users.actions.edit_profile import edit_profile
from services.users.actions.search_people import search_people
from services.users.resources import Resources
from shared.errors import Invalid
from tests.users.cast import Cast


async def _found(resources: Resources, viewer_id: int | None, query: str) -> list[int]:
    page = await search_people(resources.group, viewer_id, query, limit=80, cursor=None)
    return [card["id"] for card in page["items"]]


async def _named(cast: Cast, resources: Resources, *display_names: str) -> list[int]:
    ids = await cast.user_ids(*(["alice"] * len(display_names)))
    for user_id, display_name in zip(ids, display_names, strict=True):
        await edit_profile(
            resources.group,
            resources.upload,
            resources.tokens,
            user_id,
            {"display_name": display_name},
        )
    return ids


async def test_people_are_found_by_username_and_by_any_word(
    resources: Resources, cast: Cast
) -> None:
    word = "w" + secrets.token_hex(5)
    alice = (await cast.person("alice"))["user"]
    assert await _found(resources, None, alice["username"][:-2].upper()) == [alice["id"]]
    await edit_profile(
        resources.group,
        resources.upload,
        resources.tokens,
        alice["id"],
        {"display_name": f"Dr {word.upper()} Lee"},
    )
    for query in (word[:-1], f"dr {word}", f"{word} l"):
        assert alice["id"] in await _found(resources, None, query)
    assert await _found(resources, None, f"{word} x") == []


async def test_a_former_name_finds_nobody(resources: Resources, cast: Cast) -> None:
    before, after = ("w" + secrets.token_hex(5) for _ in range(2))
    [alice] = await _named(cast, resources, before)
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"display_name": after}
    )
    assert await _found(resources, None, before) == []
    assert await _found(resources, None, after) == [alice]


async def test_pages_hold_everybody_once_in_order_of_names(
    resources: Resources, cast: Cast
) -> None:
    word = "w" + secrets.token_hex(5)
    # A person with two matching words is found once.
    ids = await _named(cast, resources, word, f"{word}a {word}c", f"{word}b", f"{word}b", "bob")
    seen: list[int] = []
    cursor = None
    while True:
        page = await search_people(resources.group, None, word, limit=1, cursor=cursor)
        seen += [card["id"] for card in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        if len(seen) == 1:
            # A person who now sorts before the cursor shifts nothing.
            await edit_profile(
                resources.group, resources.upload, resources.tokens, ids[4], {"display_name": word}
            )
    assert [user_id for user_id in seen if user_id != ids[4]] == ids[:2] + sorted(ids[2:4])
    assert len(seen) == len(set(seen))


async def test_a_block_hides_each_from_the_other(resources: Resources, cast: Cast) -> None:
    word = "w" + secrets.token_hex(5)
    alice, bob = await _named(cast, resources, word, word)
    await resources.blocks.put(alice, bob)
    assert await _found(resources, alice, word) == [alice]
    assert await _found(resources, bob, word) == [bob]
    assert sorted(await _found(resources, None, word)) == sorted([alice, bob])


async def test_a_malformed_cursor_is_refused(resources: Resources) -> None:
    with pytest.raises(Invalid):
        await search_people(resources.group, None, "a", limit=1, cursor="xyz")


async def test_a_query_of_punctuation_finds_nobody(resources: Resources) -> None:
    assert await _found(resources, None, "%") == []
