"""Cards: the few facts about a person that lists and posts show."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.users.actions.cards_by_ids import cards_by_ids
from services.users.actions.ids_by_usernames import ids_by_usernames
from services.users.domain.usernames import USERNAME_CHARACTERS_MAX
from services.users.resources import resources_of
from shared.contracts.people import Cards, UserIds
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import OptionalViewerId

router = APIRouter(tags=["Profiles"])

CARDS_MAX = 200
USERNAMES_MAX = 30


class CardIds(BaseModel):
    """The people whose cards to find."""

    ids: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field(
        max_length=CARDS_MAX, examples=[[493848221934518272]]
    )


@router.post(
    "/cards",
    summary="Cards of many people",
    responses={
        **reply(
            200,
            Cards,
            "By decimal id, without unknown people and those hidden from the viewer.",
        ),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_cards(request: Request, wanted: CardIds, viewer_id: OptionalViewerId) -> Response:
    """A read; it is a POST because its list of ids can be long.

    `may_view` is the one privacy decision: whether the viewer may see this person's posts.
    """
    cards = await cards_by_ids(resources_of(request).group, viewer_id, wanted.ids)
    return JsonReply({"cards": {str(user_id): card for user_id, card in cards.items()}})


class Usernames(BaseModel):
    """The usernames whose ids to find."""

    usernames: list[Annotated[str, Field(max_length=USERNAME_CHARACTERS_MAX)]] = Field(
        max_length=USERNAMES_MAX, examples=[["alice", "bob"]]
    )


@router.post(
    "/usernames",
    summary="Ids of usernames",
    responses={
        **reply(
            200,
            UserIds,
            "By username, without unknown people and those hidden from the viewer.",
        ),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_usernames(
    request: Request, wanted: Usernames, viewer_id: OptionalViewerId
) -> Response:
    """A read; it is a POST because its list of names can be long."""
    ids = await ids_by_usernames(resources_of(request).group, viewer_id, wanted.usernames)
    return JsonReply({"ids": ids})
