"""The two query parameters of every page, with the limits of the public API."""

from typing import Annotated, Literal

from fastapi import Query

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
