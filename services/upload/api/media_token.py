"""The token with which nginx fetches bytes for clients."""

import hmac
from collections.abc import Collection

from shared.errors import Unauthenticated


class MediaTokenMissing(Unauthenticated):
    """Only balancers know the token and may fetch bytes."""

    title = "Renditions and archives must be fetched through the balancers."


def check_media_token(authorization: str, media_tokens: Collection[str]) -> None:
    """Raise MediaTokenMissing unless it is one of them; each comparison takes constant time."""
    given = authorization.encode()
    if not any(hmac.compare_digest(given, f"Media {token}".encode()) for token in media_tokens):
        raise MediaTokenMissing
