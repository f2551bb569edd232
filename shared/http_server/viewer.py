"""Route parameters for the viewer that the calling service vouches for."""

from typing import Annotated

from fastapi import Depends, Request

from shared.errors import Unauthenticated

# The key in the ASGI scope under which the token gate stores the viewer.
SCOPE_KEY = "retrato.viewer_id"


async def _optional_viewer_id(request: Request) -> int | None:
    viewer_id: int | None = request.scope.get(SCOPE_KEY)
    return viewer_id


async def viewer_id_of(request: Request) -> int:
    """Return the viewer; raises Unauthenticated if the call names none."""
    viewer_id: int | None = request.scope.get(SCOPE_KEY)
    if viewer_id is None:
        raise Unauthenticated
    return viewer_id


ViewerId = Annotated[int, Depends(viewer_id_of)]
OptionalViewerId = Annotated[int | None, Depends(_optional_viewer_id)]
