"""The token with which nginx fetches bytes for clients."""

import hmac

from shared.errors import Unauthenticated


class MediaTokenMissing(Unauthenticated):
    """Only balancers know the token and may fetch bytes."""

    title = "Renditions and archives must be fetched through the balancers."


def check_media_token(authorization: str, media_token: str) -> None:
    """Raise MediaTokenMissing unless it matches; the comparison takes constant time."""
    if not hmac.compare_digest(authorization.encode(), f"Media {media_token}".encode()):
        raise MediaTokenMissing
