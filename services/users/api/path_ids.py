"""The type of user ids in paths."""

from typing import Annotated

from fastapi import Depends, Path

from shared.errors import NotFound

_ID_MAX = 2**63 - 1


async def _user_id(
    user_id: Annotated[int, Path(description="The id of a user.", examples=[493848221934518272])],
) -> int:
    # No row can have such an id, so this is NotFound rather than Invalid.
    if not 0 < user_id <= _ID_MAX:
        raise NotFound
    return user_id


UserId = Annotated[int, Depends(_user_id)]
