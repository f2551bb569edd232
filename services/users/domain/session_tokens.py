"""Session tokens: opaque to clients, derived from a secret key, so that none is ever stored.

A token names its session and generation and is sealed by a MAC over both. It can be computed
again for a repeated reply, it tells the session's shard, and a made-up one is refused before any
look-up. At rest there is only its SHA-256.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["access", "refresh"]

_PREFIXES: dict[TokenKind, str] = {"access": "rta_", "refresh": "rtr_"}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# 144 bits: beyond guessing, and a multiple of three bytes, so base64 needs no padding.
_SEAL_BYTES = 18
_SHAPE = re.compile(r"rt[ar]_([0-9A-Za-z]{1,11})\.([1-9][0-9]{0,9})\.[0-9A-Za-z_-]{24}", re.ASCII)

TOKEN_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """What a sealed token says: a session, and which of its successive token pairs."""

    session_id: int
    generation: int


class SessionTokens:
    """Makes and reads tokens with one secret key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def token(self, kind: TokenKind, session_id: int, generation: int) -> str:
        """The one token of this kind, session and generation."""
        said = f"{kind}|{session_id}|{generation}".encode()
        seal = hmac.digest(self._key, said, "sha256")[:_SEAL_BYTES]
        sealed = base64.urlsafe_b64encode(seal).decode()
        return f"{_PREFIXES[kind]}{_base62(session_id)}.{generation}.{sealed}"

    def read(self, kind: TokenKind, token: str) -> TokenClaim | None:
        """What a token of this kind claims; None for everything that was not made with this key."""
        shape = _SHAPE.fullmatch(token)
        if shape is None:
            return None
        session_id, generation = _from_base62(shape[1]), int(shape[2])
        expected = self.token(kind, session_id, generation)
        if not hmac.compare_digest(expected.encode(), token.encode()):
            return None
        return TokenClaim(session_id, generation)

    def fingerprint(self, *texts: str) -> bytes:
        """A keyed digest of a form with a password in it: useless to guess the password from."""
        return hmac.digest(self._key, "\0".join(("form", *texts)).encode(), "sha256")


def token_hash(token: str) -> bytes:
    """What is kept of a token. SHA-256 is enough for 144 random bits, unlike for a password."""
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
