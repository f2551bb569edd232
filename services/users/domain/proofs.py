"""Proofs that somebody reads an address: six digits to type, or a link to open.

Both are derived from the proof's id with a key of their own. So a database, or a copy of one, has
nothing to guess them from, and a message can be made again at any time.
"""

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.errors import Forbidden

Purpose = Literal["verify_address", "reset_password", "change_address", "undo_address"]

# A code is typed at once; a link may wait for the evening.
LIFETIMES: Final[Mapping[Purpose, timedelta]] = {
    "verify_address": timedelta(hours=24),
    # Whoever asks for it waits at the phone.
    "reset_password": timedelta(minutes=30),
    "change_address": timedelta(hours=2),
    # Somebody who is robbed of an account may be away for the weekend.
    "undo_address": timedelta(days=7),
}

# Nobody types these: the message comes long before it is of use.
LINK_ONLY: Final[frozenset[Purpose]] = frozenset({"undo_address"})

CODE_DIGITS: Final = 6
# One in 200,000 finds a code by luck. A new code counts against the account's guesses as well.
WRONG_MAX: Final = 5
_CODES: Final = 10**CODE_DIGITS
_CODE_SHAPE = re.compile(r"[0-9]{6}", re.ASCII)
_LINK_SHAPE = re.compile(r"([0-9a-f]{1,16})\.([0-9A-Za-z_-]{32})", re.ASCII)
# 192 bits, as a multiple of three bytes, need no padding in base64.
_SEAL_BYTES: Final = 24
LINK_CHARACTERS_MAX: Final = 64


class WrongCode(Forbidden):
    """Wrong, used, replaced or too old: the caller does not learn which."""

    code = "wrong_code"
    title = "The code or link is wrong, or it has ended."


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that waits for its code; `email` is the address that got the message."""

    id: int
    user_id: int
    purpose: Purpose
    email: str
    expires_at: datetime
    used_at: datetime | None
    wrong_count: int

    def counts(self, now: datetime) -> bool:
        """Whether a right code would count now."""
        return self.used_at is None and now < self.expires_at and self.wrong_count < WRONG_MAX


class ProofCodes:
    """Makes codes and links with one key; accepts those of `others`, too, while it is replaced."""

    def __init__(self, key: str, others: Sequence[str] = ()) -> None:
        self._key = key.encode()
        self._others = tuple(ProofCodes(other) for other in others)

    def code(self, proof_id: int) -> str:
        """The six digits of a proof."""
        # The remainder favours no code by more than one in 2 to the 44th.
        number = int.from_bytes(self._digest("code", proof_id)[:8]) % _CODES
        return f"{number:0{CODE_DIGITS}}"

    def link(self, proof_id: int) -> str:
        """The text that a link ends with."""
        seal = base64.urlsafe_b64encode(self._digest("link", proof_id)[:_SEAL_BYTES])
        return f"{proof_id:x}.{seal.decode()}"

    def is_code(self, proof_id: int, typed: str) -> bool:
        """Whether this is the code; all keys are tried in any case, so time tells nothing."""
        digits = "".join(typed.split())
        is_shaped = _CODE_SHAPE.fullmatch(digits) is not None
        matches = [
            hmac.compare_digest(codes.code(proof_id).encode(), digits.encode())
            for codes in (self, *self._others)
        ]
        return is_shaped and any(matches)

    def proof_of_link(self, opened: str) -> int | None:
        """The id of the proof whose link this is; None unless one of the keys made it."""
        shape = _LINK_SHAPE.fullmatch(opened)
        if shape is None:
            return None
        proof_id = int(shape[1], 16)
        if proof_id >= 2**63:
            return None
        matches = [
            hmac.compare_digest(codes.link(proof_id).encode(), opened.encode())
            for codes in (self, *self._others)
        ]
        return proof_id if any(matches) else None

    def _digest(self, what: str, proof_id: int) -> bytes:
        return hmac.digest(self._key, f"{what}|{proof_id}".encode(), "sha256")
