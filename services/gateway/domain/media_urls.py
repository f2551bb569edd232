"""Signed addresses of renditions, in the form that nginx's secure_link checks.

An address says its end twice: in Unix time for the check, and as a time of day for nginx's
`expires`, which tells caches how long the address lives. It also
names its key, so that nginx can check those of two keys while one replaces the other.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

UrlOf = Callable[[str], str]

# A page of 20 posts names 80 renditions; popular ones recur within a window. About 6 MB.
_SIGNED_URLS_MAX = 16_384
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class MediaUrls:
    """Signs addresses of rendition keys.

    `lifetime_s` is the longest that an address stays valid; the shortest is half of it.
    """

    base_url: str
    signing_key: str
    lifetime_s: int

    def speller_at(self, now_s: float) -> UrlOf:
        """The function that signs addresses for a reply made at `now_s` (Unix time).

        The expiry is rounded up to a window of half the lifetime. All replies in one window give
        the same address, so phones and proxies can cache the picture.
        """
        window_s = max(1, self.lifetime_s // 2)
        expires_s = (int(now_s) // window_s + 2) * window_s
        return _speller(self, expires_s)


def key_id_of(signing_key: str) -> str:
    """The name of a key in addresses; the balancers' configuration computes the same."""
    return hashlib.sha256(signing_key.encode()).hexdigest()[:8]


# Two windows overlap at their boundary; tests sign with other keys.
@lru_cache(maxsize=4)
def _speller(media: MediaUrls, expires_s: int) -> UrlOf:
    # nginx takes an address until this second is over; its `expires` takes a time of day that has
    # come for tomorrow's.
    minutes, seconds = divmod((expires_s + 1) % _DAY_S, 60)
    ends_at = f"{minutes // 60:02}h{minutes % 60:02}m{seconds:02}s"
    key_id = key_id_of(media.signing_key)

    @lru_cache(maxsize=_SIGNED_URLS_MAX)
    def url_of(rendition_key: str) -> str:
        path = f"/media/{rendition_key}"
        # nginx's secure_link knows only MD5; the key inside the hashed text protects it.
        signed = f"{expires_s}{path}{ends_at} {media.signing_key}".encode()
        digest = hashlib.md5(signed, usedforsecurity=False).digest()
        signature = urlsafe_b64encode(digest).rstrip(b"=").decode()
        query = f"e={expires_s}&t={ends_at}&s={signature}&k={key_id}"
        return f"{media.base_url}{path}?{query}"

    return url_of
