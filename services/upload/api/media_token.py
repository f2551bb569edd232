"""What nginx shows in place of an internal token when it fetches bytes for the world."""

import hmac

from shared.errors import Unauthenticated


class MediaTokenMissing(Unauthenticated):
    """Only the balancers fetch bytes, and they know the token."""

    title = "Renditions and archives are fetched through the balancers."


def check_media_token(authorization: str, media_token: str) -> None:
    """Raises MediaTokenMissing; takes the same time whatever the difference."""
    if not hmac.compare_digest(authorization.encode(), f"Media {media_token}".encode()):
        raise MediaTokenMissing
