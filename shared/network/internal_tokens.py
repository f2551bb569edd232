"""The short-lived token that says, between services, who calls and for which viewer."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeVar

import jwt

from shared.errors import AppError

K = TypeVar("K")
V = TypeVar("V")

ALGORITHM = "HS256"
LIFETIME_S = 30
# A signed token is used again for this long, which leaves the receiver twenty seconds at least.
REUSE_S = 10
# Machines of one suite keep their clocks within a second.
LEEWAY_S = 1
TOKENS_KEPT_MAX = 4096


class InternalTokenRefused(AppError):
    """The call did not come from a service of ours; a fault of the set-up, not of the viewer."""

    status = 401
    code = "internal_token_refused"
    title = "This address answers other services only."


class TokenSigner:
    """Signs calls to one audience in the name of one caller."""

    def __init__(self, *, key: str, audience: str, caller: str) -> None:
        self._key = key
        self._audience = audience
        self._caller = caller
        self._signed: OrderedDict[int | None, tuple[str, float]] = OrderedDict()

    def token(self, viewer_id: int | None) -> str:
        """A token for this viewer, valid for at least 20 s more."""
        now_s = time.time()
        kept = self._signed.get(viewer_id)
        if kept and now_s < kept[1]:
            return kept[0]
        token = self._sign(viewer_id, now_s)
        _keep(self._signed, viewer_id, (token, now_s + REUSE_S))
        return token

    def _sign(self, viewer_id: int | None, now_s: float) -> str:
        claims: dict[str, Any] = {
            "iss": self._caller,
            "aud": self._audience,
            "iat": int(now_s),
            "exp": int(now_s) + LIFETIME_S,
        }
        if viewer_id is not None:
            claims["sub"] = str(viewer_id)
        return jwt.encode(claims, self._key, ALGORITHM)


class TokenVerifier:
    """Checks the tokens addressed to one audience; one seen before costs a dictionary look-up."""

    def __init__(self, *, key: str, audience: str) -> None:
        self._key = key
        self._audience = audience
        self._seen: OrderedDict[str, tuple[int | None, float]] = OrderedDict()

    def viewer_id(self, token: str) -> int | None:
        """The viewer whom the caller vouches for, if any; raises InternalTokenRefused."""
        seen = self._seen.get(token)
        if seen and time.time() < seen[1]:
            return seen[0]
        claims = self._verified(token)
        viewer_id = _subject(claims)
        _keep(self._seen, token, (viewer_id, float(claims["exp"])))
        return viewer_id

    def _verified(self, token: str) -> Mapping[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                [ALGORITHM],
                audience=self._audience,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "aud", "iss"]},
            )
        except jwt.InvalidTokenError as error:
            raise InternalTokenRefused from error
        if claims["exp"] - claims["iat"] > LIFETIME_S:
            raise InternalTokenRefused
        return claims


def _subject(claims: Mapping[str, Any]) -> int | None:
    subject = claims.get("sub")
    if subject is None:
        return None
    if not subject.isdecimal():
        raise InternalTokenRefused
    return int(subject)


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > TOKENS_KEPT_MAX:
        kept.popitem(last=False)
