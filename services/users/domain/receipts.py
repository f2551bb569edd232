"""The id of a deletion receipt: it names the shard and cannot be guessed."""

import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Receipt:
    """The deleted user, and the secret that grants access to the progress."""

    user_id: int
    secret: str

    def __str__(self) -> str:
        return f"{self.user_id:x}.{self.secret}"


def is_same(one: Receipt, other: Receipt) -> bool:
    """Compare in constant time, because the secret could otherwise be guessed step by step."""
    return hmac.compare_digest(str(one).encode(), str(other).encode())


def find_receipt(text: str) -> Receipt | None:
    """Parse a receipt id; None if it cannot be one."""
    user_id, dot, secret = text.partition(".")
    if not dot or not 0 < len(user_id) <= 16 or set(user_id) - set("0123456789abcdef"):
        return None
    number = int(user_id, 16)
    return Receipt(number, secret) if 0 < number < 2**63 else None
