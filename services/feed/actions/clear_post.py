"""Takes back the likes of a post that was withdrawn, a page at a time."""

import asyncio

from shared.sharding.edges import Edges

CLEAR_JOB = "clear_post"

# Who saw the post just before may like it for the moment that copies of its body last.
CLEAR_DELAY_S = 5.0

_PAGE_MAX = 500
_AT_ONCE = 8


async def clear_post(likes: Edges, post_id: int) -> None:
    """May be repeated; raises Unavailable while somebody's shard is away: then it runs again."""
    after = 0
    while page := await likes.source_ids(post_id, after=after, limit=_PAGE_MAX):
        await take_likes_back(likes, [(liker_id, post_id) for liker_id in page])
        after = page[-1]


async def take_likes_back(likes: Edges, pairs: list[tuple[int, int]]) -> None:
    """Each pair is who likes and what; the truth of it is in the shard of who likes."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def take_back(liker_id: int, post_id: int) -> None:
        async with gate:
            await likes.remove(liker_id, post_id)

    await asyncio.gather(*(take_back(*pair) for pair in pairs))
