"""The resources of this process, from within a route."""

from typing import cast

from fastapi import Request

from services.upload.resources import Resources


def opened(request: Request) -> Resources:
    """What `open_resources` opened when the process started."""
    return cast(Resources, request.app.state.resources)
