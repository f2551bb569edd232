"""The follow graph: following, followers and followees."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.users.actions.follow import follow
from services.users.actions.page_of_cards import page_of_cards
from services.users.actions.unfollow import unfollow
from services.users.api.graph_replies import COUNTED_PEOPLE, RELATIONSHIP
from services.users.api.path_ids import UserId
from services.users.resources import resources_of
from services.users.store.profiles import find_profile
from shared.contracts.people import IdPage
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import PEOPLE_LIMIT_DEFAULT, Cursor, PeopleLimit
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import OptionalViewerId, ViewerId

router = APIRouter(tags=["Follow graph"])

IDS_MAX = 10_000

After = Annotated[
    int, Query(ge=0, lt=2**63, description="`next_after` of the previous page; 0 for the first.")
]
IdsLimit = Annotated[int, Query(ge=1, le=IDS_MAX, alias="limit")]

_IDS = {
    **reply(200, IdPage, "In ascending order."),
    **problem_replies(401, 404, 422, 503),
}


@router.put("/users/{user_id}/follow", summary="Follow, or request it", responses=RELATIONSHIP)
async def put_follow(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """A private account gets a request. 422 `own_account` for oneself."""
    resources = resources_of(request)
    relationship = await follow(
        resources.group, resources.follows, resources.feed, viewer_id, user_id
    )
    return JsonReply({"relationship": relationship})


@router.delete(
    "/users/{user_id}/follow",
    summary="Unfollow, or withdraw a request",
    responses=RELATIONSHIP,
)
async def delete_follow(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Works whether or not the viewer followed. 422 `own_account` for oneself."""
    resources = resources_of(request)
    relationship = await unfollow(
        resources.group, resources.follows, resources.feed, viewer_id, user_id
    )
    return JsonReply({"relationship": relationship})


@router.get("/users/{user_id}/followers", summary="Followers of a person", responses=COUNTED_PEOPLE)
async def get_followers(
    request: Request,
    user_id: UserId,
    viewer_id: OptionalViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """404 if the viewer may not see the person's lists."""
    resources = resources_of(request)
    edges = partial(resources.follows.page_of_sources, user_id, limit=limit, cursor=cursor)
    return JsonReply(await page_of_cards(resources.group, viewer_id, user_id, edges))


@router.get("/users/{user_id}/following", summary="Followees of a person", responses=COUNTED_PEOPLE)
async def get_following(
    request: Request,
    user_id: UserId,
    viewer_id: OptionalViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """404 if the viewer may not see the person's lists."""
    resources = resources_of(request)
    edges = partial(resources.follows.page_of_targets, user_id, limit=limit, cursor=cursor)
    return JsonReply(await page_of_cards(resources.group, viewer_id, user_id, edges))


@router.get(
    "/users/{user_id}/follower-ids", summary="The ids of all followers, in pages", responses=_IDS
)
async def get_follower_ids(
    request: Request, user_id: UserId, after: After = 0, limit: IdsLimit = IDS_MAX
) -> Response:
    """For fan-out: complete, and without a viewer; empty for an unknown person.

    If the first page does not hold all ids, `total` tells their number.
    """
    resources = resources_of(request)
    ids = await resources.follows.source_ids(user_id, after=after, limit=limit)
    page = _id_page(ids, limit)
    if after == 0 and page["next_after"] is not None:
        person = await find_profile(resources.group, user_id)
        page["total"] = None if person is None else person.followers_count
    return JsonReply(page)


@router.get(
    "/users/{user_id}/following-ids", summary="The ids of all followees, in pages", responses=_IDS
)
async def get_following_ids(
    request: Request, user_id: UserId, after: After = 0, limit: IdsLimit = IDS_MAX
) -> Response:
    """For rebuilding timelines: complete, and without a viewer."""
    ids = await resources_of(request).follows.target_ids(user_id, after=after, limit=limit)
    return JsonReply(_id_page(ids, limit))


def _id_page(ids: list[int], limit: int) -> IdPage:
    # A full page may be the last one; the next is then empty.
    return {"ids": ids, "next_after": ids[-1] if len(ids) == limit else None, "total": None}
