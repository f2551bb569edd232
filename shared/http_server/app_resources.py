"""Gives routes the resources that their process has opened."""

from collections.abc import Callable
from typing import TypeVar, cast

from fastapi import Request

R = TypeVar("R")


def resources_getter(kind: type[R]) -> Callable[[Request], R]:
    """Return a function that finds the service's resources, which are of this kind.

    Routes call it directly: a FastAPI dependency costs microseconds on every hot request.
    """

    def resources_of(request: Request) -> R:
        return cast(kind, request.app.state.resources)  # type: ignore[valid-type]

    return resources_of
