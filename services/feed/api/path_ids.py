"""The types of ids in paths and bodies."""

from typing import Annotated

from fastapi import Depends, Path
from pydantic import Field

from shared.errors import NotFound

_ID_MAX = 2**63 - 1

Id = Annotated[int, Field(ge=1, le=_ID_MAX, examples=[493848221934518272])]


async def _post_id(
    post_id: Annotated[int, Path(description="The id of a post.", examples=[493848221934518272])],
) -> int:
    return _existing(post_id)


async def _user_id(
    user_id: Annotated[int, Path(description="The id of a user.", examples=[493848221934518001])],
) -> int:
    return _existing(user_id)


async def _comment_id(
    comment_id: Annotated[
        int, Path(description="The id of a comment.", examples=[493848221934530000])
    ],
) -> int:
    return _existing(comment_id)


def _existing(id_: int) -> int:
    # No row can have such an id, so this is NotFound rather than Invalid.
    if not 0 < id_ <= _ID_MAX:
        raise NotFound
    return id_


PostId = Annotated[int, Depends(_post_id)]
UserId = Annotated[int, Depends(_user_id)]
CommentId = Annotated[int, Depends(_comment_id)]
