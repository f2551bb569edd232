"""The short-lived token that names the calling process and its viewer to another service."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import jwt

from shared.errors import AppError

K = TypeVar("K")
V = TypeVar("V")

ALGORITHM = "HS256"
LIFETIME_S = 30
# The signer reuses a token for this long, so the token is valid for about 20 s more.
REUSE_S = 10
# The clocks of a suite's machines must agree within this.
LEEWAY_S = 1
TOKENS_KEPT_MAX = 4096


class InternalTokenRefused(AppError):
    """The call had no valid internal token: a fault of the set-up, not of the viewer."""

    status = 401
    code = "internal_token_refused"
    title = "This address answers other services only."


class TokenSigner:
    """Signs calls from one process to one audience; keeps a bounded number of recent tokens."""

    def __init__(self, *, key: str, audience: str, caller: str) -> None:
        self._key = key
        self._audience = audience
        self._caller = caller
        self._signed: OrderedDict[int | None, tuple[str, float]] = OrderedDict()

    def token(self, viewer_id: int | None) -> str:
        """Return a token for this viewer that is valid for about 20 s or more."""
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
    """Verifies tokens for one audience; a token seen before costs only a dictionary lookup.

    `others` are keys that count as well while one replaces another.
    """

    def __init__(self, *, key: str, audience: str, others: Sequence[str] = ()) -> None:
        self._keys = (key, *others)
        self._audience = audience
        self._seen: OrderedDict[str, tuple[int | None, float]] = OrderedDict()

    def viewer_id(self, token: str) -> int | None:
        """Return the viewer that the token names, or None; raises InternalTokenRefused."""
        seen = self._seen.get(token)
        if seen and time.time() < seen[1]:
            return seen[0]
        claims = self._verified(token)
        viewer_id = _subject(claims)
        _keep(self._seen, token, (viewer_id, float(claims["exp"])))
        return viewer_id

    def _verified(self, token: str) -> Mapping[str, Any]:
        claims = self._decoded(token)
        if claims["exp"] - claims["iat"] > LIFETIME_S:
            raise InternalTokenRefused
        return claims

    def _decoded(self, token: str) -> Mapping[str, Any]:
        refusal: jwt.InvalidTokenError | None = None
        for key in self._keys:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    key,
                    [ALGORITHM],
                    audience=self._audience,
                    leeway=LEEWAY_S,
                    options={"require": ["exp", "iat", "aud", "iss"]},
                )
                return claims
            except jwt.InvalidTokenError as error:
                refusal = error
        raise InternalTokenRefused from refusal


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
