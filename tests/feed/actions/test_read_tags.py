"""Posts are found under their tags only, and only while they have them."""

import secrets

import pytest

from services.feed.actions.edit_post import Edit, edit_post
from services.feed.actions.read_tags import find_tags, read_tag_timeline
from services.feed.actions.tag_posts import NAMED_TOPIC, keep_tag_names
from services.feed.actions.withdraw_post import withdraw_own_post
from services.feed.domain.tags import tag_id
from services.feed.resources import Resources
from shared.errors import Invalid
from shared.sharding.outbox import OutboxEvent
from tests.feed.cast import Cast, new_id


class Reader:
    """A person who reads tags."""

    def __init__(self, resources: Resources) -> None:
        self.id = new_id()
        self._resources = resources

    async def page(self, tag: str, limit: int = 20, cursor: str | None = None) -> list[int]:
        return (await self.page_and_cursor(tag, limit, cursor))[0]

    async def page_and_cursor(
        self, tag: str, limit: int, cursor: str | None, since: int | None = None
    ) -> tuple[list[int], str | None]:
        resources = self._resources
        page = await read_tag_timeline(
            resources.tag_edges,
            resources.bodies,
            resources.reactions,
            tag,
            self.id,
            (limit, cursor, since),
        )
        return [post["id"] for post in page["items"]], page["next_cursor"]

    async def finds(self, q: str, limit: int = 20) -> dict[str, int]:
        found = await find_tags(self._resources.group, self._resources.bodies, q, limit)
        return {tag["name"]: tag["post_count"] for tag in found["items"]}

    async def learns(self, *names: str) -> None:
        """Store the names, as the relay does a moment after publishing."""
        event = OutboxEvent(new_id(), 0, NAMED_TOPIC, {"names": list(names)}, None)
        for _ in range(2):
            await keep_tag_names(self._resources.group, [event])


@pytest.fixture
def reader(resources: Resources) -> Reader:
    return Reader(resources)


def _fresh(word: str) -> str:
    return f"{word}{secrets.token_hex(6)}x"


async def test_posts_of_all_authors_come_newest_first(cast: Cast, reader: Reader) -> None:
    tag, other = _fresh("fog"), _fresh("mist")
    posts = [await cast.publishes(new_id(), f"Morning #{tag} #{other}") for _ in range(5)]
    await cast.publishes(new_id(), f"Evening #{other}")
    assert await reader.page(tag) == posts[::-1]
    assert await reader.page(f"#{tag.upper()}") == posts[::-1]
    assert len(await reader.page(other)) == 6


async def test_pages_have_no_gap_while_posts_arrive(cast: Cast, reader: Reader) -> None:
    tag = _fresh("fog")
    posts = [await cast.publishes(new_id(), f"#{tag}") for _ in range(7)]
    seen, cursor = await reader.page_and_cursor(tag, 3, None)
    await cast.publishes(new_id(), f"#{tag}")
    while cursor is not None:
        more, cursor = await reader.page_and_cursor(tag, 3, cursor)
        seen += more
    assert seen == posts[::-1]


async def test_a_gap_is_filled_upwards_while_posts_arrive(cast: Cast, reader: Reader) -> None:
    tag = _fresh("fog")
    known, *posts = [await cast.publishes(new_id(), f"#{tag}") for _ in range(7)]
    seen, cursor = await reader.page_and_cursor(tag, 3, None, known)
    posts.append(await cast.publishes(new_id(), f"#{tag}"))
    while cursor is not None:
        more, cursor = await reader.page_and_cursor(tag, 3, cursor, known)
        seen = more + seen
    assert seen == posts[::-1]
    assert await reader.page_and_cursor(tag, 3, None, posts[-1]) == ([], None)


async def test_above_a_post_without_the_tag_lies_the_newest_page(
    cast: Cast, reader: Reader
) -> None:
    tag = _fresh("fog")
    posts = [await cast.publishes(new_id(), f"#{tag}") for _ in range(4)]
    elsewhere = await cast.publishes(new_id(), "No tag.")
    seen, _cursor = await reader.page_and_cursor(tag, 3, None, elsewhere)
    assert seen == posts[:0:-1]


async def test_an_edited_post_is_found_under_its_new_tags_only(
    cast: Cast, reader: Reader, resources: Resources
) -> None:
    author, before, after, stays = new_id(), _fresh("a"), _fresh("b"), _fresh("c")
    post = await cast.publishes(author, f"#{before} #{stays}")
    edit = Edit(post, author, f"#{after} #{stays}")
    await edit_post(
        resources.group,
        resources.bodies,
        resources.users,
        resources.reactions,
        edit,
    )
    assert await reader.page(before) == []
    assert await reader.page(after) == await reader.page(stays) == [post]
    counts = await resources.tag_edges.counts([tag_id(tag) for tag in (before, after, stays)])
    assert [count.in_count for count in counts.values()] == [0, 1, 1]


async def test_a_withdrawn_post_leaves_its_tags(
    cast: Cast, reader: Reader, resources: Resources
) -> None:
    author, tag = new_id(), _fresh("fog")
    post = await cast.publishes(author, f"#{tag}")
    await reader.learns(tag)
    await withdraw_own_post(resources.group, resources.bodies, post, author)
    assert await reader.page(tag) == []
    assert await reader.finds(tag) == {}


async def test_tags_are_found_by_prefix_with_the_most_used_first(
    cast: Cast, reader: Reader
) -> None:
    start = _fresh("harbour")
    names = [f"{start}{end}" for end in ("", "_fog", "morgen", "öst")]
    for times, name in enumerate(names, 1):
        for _ in range(times):
            await cast.publishes(new_id(), f"#{name}")
    await cast.publishes(new_id(), f"#{_fresh('x')}{start}")
    await reader.learns(*names)
    assert list((await reader.finds(start)).items()) == [
        (name, times) for times, name in reversed(list(enumerate(names, 1)))
    ]
    assert list(await reader.finds(f"#{start.upper()}", limit=2)) == names[:1:-1]
    # An underscore matches only itself.
    assert list(await reader.finds(f"{start}_")) == [names[1]]


@pytest.mark.parametrize("text", ["", "#", "two words", "a-b", "123", "%", "##fog", "fog#mist"])
async def test_an_impossible_tag_has_no_posts(reader: Reader, text: str) -> None:
    assert await reader.page(text) == []
    assert await reader.finds(text) == {}


async def test_a_cursor_of_another_list_is_refused(reader: Reader) -> None:
    with pytest.raises(Invalid):
        await reader.page("fog", cursor="nonsense")
