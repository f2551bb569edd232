"""Query parameters of paged lists, with the limits of the public API."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import Query, Request

POSTS_LIMIT_MAX = 40

PostsLimit = Annotated[
    int, Query(ge=1, le=POSTS_LIMIT_MAX, description="How many posts at most; 20 if not said.")
]
PeopleLimit = Annotated[
    int, Query(ge=1, le=80, description="How many people at most; 20 if not said.")
]
CommentsLimit = Annotated[
    int, Query(ge=1, le=80, description="How many comments at most; 20 if not said.")
]
Cursor = Annotated[
    str | None,
    Query(max_length=256, description="`next_cursor` of the page before; leave out for the first."),
]

HomeOrder = Annotated[
    Literal["newest", "ranked"],
    Query(
        description="`newest` first, or `ranked`: the newest 200 by recency, by whom the viewer "
        "likes and comments on, and by likes and comments; then the newest of the rest."
    ),
]

POSTS_LIMIT_DEFAULT = 20
PEOPLE_LIMIT_DEFAULT = 20
COMMENTS_LIMIT_DEFAULT = 20

# The form of query that our services and nearly all phones send.
_PLAIN_PAGE = re.compile(
    rb"(?:limit=(?P<limit>[1-9]|[1-3][0-9]|40)(?:&cursor=(?P<cursor>[A-Za-z0-9_-]{1,256}))?)?"
)


def viewers_posts_page(
    viewer_id_of: Callable[[Request], Awaitable[int]],
) -> Callable[[Request], Awaitable[tuple[int, int, str | None] | None]]:
    """Return a function for `hot_read` that finds viewer, limit and cursor of a page of posts.

    That function returns None for any query that FastAPI must check. It raises what `viewer_id_of`
    raises.
    """

    async def found(request: Request) -> tuple[int, int, str | None] | None:
        plain = _PLAIN_PAGE.fullmatch(request.scope["query_string"])
        if plain is None:
            return None
        limit, cursor = plain.groups()
        return (
            await viewer_id_of(request),
            POSTS_LIMIT_DEFAULT if limit is None else int(limit),
            None if cursor is None else cursor.decode(),
        )

    return found
