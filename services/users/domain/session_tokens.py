"""Session tokens: opaque to clients and derived from a secret key, so none is stored.

A token names its session and generation and is sealed by a MAC over both. It can be recomputed for
a repeated reply, and it tells the session's shard. A made-up token is refused before any lookup.
Only its SHA-256 is stored.
"""

import base64
import hashlib
import hmac
import re
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
    """Makes and reads tokens with one secret key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def token(self, kind: TokenKind, session_id: int, generation: int) -> str:
        """The token of this kind, session and generation; always the same."""
        said = f"{kind}|{session_id}|{generation}".encode()
        seal = hmac.digest(self._key, said, "sha256")[:_SEAL_BYTES]
        sealed = base64.urlsafe_b64encode(seal).decode()
        return f"{_PREFIXES[kind]}{_base62(session_id)}.{generation}.{sealed}"

    def read(self, kind: TokenKind, token: str) -> TokenClaim | None:
        """The claim of a token of this kind; None unless this key made it."""
        shape = _SHAPE.fullmatch(token)
        if shape is None:
            return None
        session_id, generation = _from_base62(shape[1]), int(shape[2])
        expected = self.token(kind, session_id, generation)
        if not hmac.compare_digest(expected.encode(), token.encode()):
            return None
        return TokenClaim(session_id, generation)

    def device_token(self, user_id: int) -> str:
        """Proof that the account's password was once known where this is kept.

        It opens nothing; strangers' guesses do not count against its holder.
        """
        return self.token("device", user_id, 1)

    def signed_in_before(self, device_token: str) -> int | None:
        """The account of a device token; None unless this key made it."""
        claim = self.read("device", device_token)
        return None if claim is None else claim.session_id

    def fingerprint(self, *texts: str) -> bytes:
        """A keyed digest of a form with a password; it does not help to guess the password."""
        return hmac.digest(self._key, "\0".join(("form", *texts)).encode(), "sha256")


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
