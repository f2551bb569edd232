"""Hashtags, their posts, and popular posts."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.gateway.actions.explore import find_tags, read_explore, read_tag_timeline
from services.gateway.api.problem_codes import (
    ADDRESS_TOO_LONG,
    INVALID,
    UNAUTHENTICATED,
    problems,
)
from services.gateway.api.replies import link_to_next, private_reply
from services.gateway.api.reply_docs import page, reply
from services.gateway.api.session import ViewerId
from services.gateway.api.since import Since
from services.gateway.api.text import Text
from services.gateway.domain.pages import PageRequest
from services.gateway.domain.visibility import CardsById
from services.gateway.resources import resources_of
from services.gateway.views.posts import PostPage, Tags, timeline_posts
from shared.contracts import posts as contract
from shared.http_server.paging import POSTS_LIMIT_DEFAULT, Cursor, PostsLimit

router = APIRouter(tags=["Timelines"])

# As long as a caption; a spelling may be longer than the name it folds to.
_CHARACTERS_MAX = 2_200


@router.get(
    "/v1/timelines/tags/{tag}",
    summary="Posts of a hashtag",
    responses={
        **page(PostPage, "A page of posts."),
        **problems(UNAUTHENTICATED, ADDRESS_TOO_LONG, INVALID),
    },
)
async def get_tag_timeline(
    request: Request,
    tag: Annotated[
        Text,
        Path(
            max_length=_CHARACTERS_MAX,
            description="With or without its sign; case does not matter.",
            examples=["morning"],
        ),
    ],
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
    since: Since = None,
) -> Response:
    """Public posts of a hashtag, newest first; an unused hashtag has none.

    Posts that are not public can make a page shorter than `limit`; only `next_cursor` tells whether
    it is the last.
    """
    asked = PageRequest(limit, cursor, since=since)
    resources = resources_of(request)
    found, authors = await read_tag_timeline(
        resources.feed, resources.author_cards, tag, asked, viewer_id
    )
    return _posts_reply(request, asked, found, authors)


@router.get(
    "/v1/explore",
    summary="Popular posts",
    responses={
        **page(PostPage, "A page of posts."),
        **problems(UNAUTHENTICATED, INVALID),
    },
)
async def get_explore(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Public posts of the last three days with the most likes and comments, recent ones first.

    It shows one post per person. The order is renewed every 20 seconds; paging keeps the old order
    unless you pause for two minutes. A page may be shorter than `limit`: only `next_cursor` tells
    whether it is the last.
    """
    asked = PageRequest(limit, cursor)
    resources = resources_of(request)
    found, authors = await read_explore(resources.feed, resources.author_cards, asked, viewer_id)
    return _posts_reply(request, asked, found, authors)


@router.get(
    "/v1/tags/search",
    summary="Find hashtags",
    responses={
        **reply(200, Tags, "The most used first."),
        **problems(UNAUTHENTICATED, ADDRESS_TOO_LONG, INVALID),
    },
)
async def search_tags(
    request: Request,
    viewer_id: ViewerId,
    q: Annotated[
        Text,
        Query(
            min_length=1,
            max_length=_CHARACTERS_MAX,
            description="The beginning of the tag.",
            examples=["mor"],
        ),
    ],
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
) -> Response:
    """Hashtags that begin with `q`, with their numbers of posts."""
    resources = resources_of(request)
    found = await find_tags(resources.feed, resources.author_cards, q, limit, viewer_id)
    shown: Tags = {
        "items": [{"name": tag["name"], "post_count": tag["post_count"]} for tag in found],
        "next_cursor": None,
    }
    return private_reply(shown)


def _posts_reply(
    request: Request, asked: PageRequest, found: contract.PostPage, authors: CardsById
) -> Response:
    shown: PostPage = {
        "items": timeline_posts(found["items"], authors, resources_of(request).url_of()),
        "next_cursor": found["next_cursor"],
    }
    return private_reply(shown, headers=link_to_next(request, asked, found["next_cursor"]))
