"""Session tokens: opaque to clients and derived from a secret key, so none is stored.

A token names its session and generation and is sealed by a MAC over both. It can be recomputed for
a repeated reply, and it tells the session's shard. A made-up token is refused before any lookup.
Only its SHA-256 is stored.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["access", "refresh", "device"]

_PREFIXES: dict[TokenKind, str] = {"access": "rta_", "refresh": "rtr_", "device": "rtd_"}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# 144 bits cannot be guessed; as a multiple of three bytes, they need no base64 padding.
_SEAL_BYTES = 18
_SHAPE = re.compile(r"rt[ard]_([0-9A-Za-z]{1,11})\.([1-9][0-9]{0,9})\.[0-9A-Za-z_-]{24}", re.ASCII)

TOKEN_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """What a sealed token says: a session, and the generation of its token pair."""

    session_id: int
    generation: int


class SessionTokens:
    """Makes tokens with one secret key; reads those of that key and of `others`.

    Others are the keys of a rotation: the next one, or former ones whose tokens still live.
    """

    def __init__(self, key: str, others: Sequence[str] = ()) -> None:
        self._key = key.encode()
        self._others = tuple(SessionTokens(other) for other in others)

    def token(self, kind: TokenKind, session_id: int, generation: int) -> str:
        """The token of this kind, session and generation; always the same."""
        said = f"{kind}|{session_id}|{generation}".encode()
        seal = hmac.digest(self._key, said, "sha256")[:_SEAL_BYTES]
        sealed = base64.urlsafe_b64encode(seal).decode()
        return f"{_PREFIXES[kind]}{_base62(session_id)}.{generation}.{sealed}"

    def read(self, kind: TokenKind, token: str) -> TokenClaim | None:
        """The claim of a token of this kind; None unless one of the keys made it."""
        shape = _SHAPE.fullmatch(token)
        if shape is None:
            return None
        session_id, generation = _from_base62(shape[1]), int(shape[2])
        for tokens in (self, *self._others):
            expected = tokens.token(kind, session_id, generation)
            if hmac.compare_digest(expected.encode(), token.encode()):
                return TokenClaim(session_id, generation)
        return None

    def that_made(self, access_hash: bytes, session_id: int, generation: int) -> "SessionTokens":
        """The tokens of the key that made this generation, so that a reply can be repeated.

        If none of the keys did, it was a key that is no longer accepted; the present one then
        makes tokens that are refused.
        """
        for tokens in self._others:
            if token_hash(tokens.token("access", session_id, generation)) == access_hash:
                return tokens
        return self

    def device_token(self, user_id: int) -> str:
        """Proof that the account's password was once known where this is kept.

        It opens nothing; strangers' guesses do not count against its holder.
        """
        return self.token("device", user_id, 1)

    def signed_in_before(self, device_token: str) -> int | None:
        """The account of a device token; None unless one of the keys made it."""
        claim = self.read("device", device_token)
        return None if claim is None else claim.session_id

    def name_digests(self, username_key: str) -> list[bytes]:
        """The keyed digests by which a deleted account's username is held, ours first.

        Those of the other keys of a rotation follow, so a hold lasts as long as its key is known.
        """
        own = hmac.digest(self._key, f"held\0{username_key}".encode(), "sha256")
        return [own, *(tokens.name_digests(username_key)[0] for tokens in self._others)]

    def fingerprint(self, *texts: str) -> bytes:
        """A keyed digest of a form with a password; it does not help to guess the password."""
        return hmac.digest(self._key, "\0".join(("form", *texts)).encode(), "sha256")

    def other_fingerprints(self, *texts: str) -> tuple[bytes, ...]:
        """The digests of the same form with the other keys of a rotation."""
        return tuple(tokens.fingerprint(*texts) for tokens in self._others)


def token_hash(token: str) -> bytes:
    """The stored hash. SHA-256 is enough for 144 random bits, though not for a password."""
    return hashlib.sha256(token.encode()).digest()


def _base62(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def _from_base62(text: str) -> int:
    number = 0
    for digit in text:
        number = number * 62 + _DIGITS.index(digit)
    return number
