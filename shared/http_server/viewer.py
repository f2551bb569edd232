"""Who asks: the viewer whom the calling service vouches for, as a parameter of a route."""

from typing import Annotated

from fastapi import Depends, Request

from shared.errors import Unauthenticated

# Where the token gate leaves it; a key of our own in the ASGI scope.
SCOPE_KEY = "retrato.viewer_id"


async def _optional_viewer_id(request: Request) -> int | None:
    viewer_id: int | None = request.scope.get(SCOPE_KEY)
    return viewer_id


async def viewer_id_of(request: Request) -> int:
    """The viewer; raises Unauthenticated if the caller speaks for none."""
    viewer_id: int | None = request.scope.get(SCOPE_KEY)
    if viewer_id is None:
        raise Unauthenticated
    return viewer_id


ViewerId = Annotated[int, Depends(viewer_id_of)]
OptionalViewerId = Annotated[int | None, Depends(_optional_viewer_id)]
