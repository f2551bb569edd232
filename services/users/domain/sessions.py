"""The life of a session: generations of token pairs, their times, and the rules of a refresh."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.contracts.people import Device
from shared.wire_time import wire_time

ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_LIFETIME = timedelta(days=60)
# However often it is refreshed: a copied phone backup does not stay signed in for ever.
SESSION_LIFETIME = timedelta(days=365)
# A phone that lost the reply of a refresh may repeat it with the old token for this long.
REFRESH_GRACE = timedelta(seconds=30)
# More devices than anybody uses; beyond it, the least recently used are signed out.
SESSIONS_PER_USER_MAX = 50


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The hashes of one generation's tokens and the time of issue."""

    generation: int
    issued_at: datetime
    access_hash: bytes
    refresh_hash: bytes


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in device; `previous` is the pair before the current one, if any."""

    id: int
    user_id: int
    device: str
    created_at: datetime
    current: TokenPair
    previous: TokenPair | None = None
    ended_at: datetime | None = None


RefreshOutcome = Literal["rotate", "repeat", "end", "refuse"]


def pair_of_generation(session: Session, generation: int) -> TokenPair | None:
    """The current or previous pair if it has that generation, else None."""
    if generation == session.current.generation:
        return session.current
    if session.previous is not None and generation == session.previous.generation:
        return session.previous
    return None


def access_expiry(
    session: Session, generation: int, access_hash: bytes, now: datetime
) -> datetime | None:
    """When this access token expires; None if it is not valid.

    The previous pair stays valid for its fifteen minutes, because requests already under way during
    a refresh carry it.
    """
    pair = pair_of_generation(session, generation)
    if session.ended_at is not None or pair is None or pair.access_hash != access_hash:
        return None
    expiry = pair.issued_at + ACCESS_LIFETIME
    return expiry if now < expiry else None


AccessFault = Literal["expired", "ended", "made_up"]


def access_fault(
    session: Session, generation: int, access_hash: bytes, now: datetime
) -> AccessFault:
    """Why an access token is invalid, after `access_expiry` has returned None."""
    if _is_over(session, now):
        return "ended"
    pair = pair_of_generation(session, generation)
    if generation > session.current.generation:
        return "made_up"
    return "made_up" if pair is not None and pair.access_hash != access_hash else "expired"


def refresh_outcome(
    session: Session, generation: int, refresh_hash: bytes, now: datetime
) -> RefreshOutcome:
    """What a refresh token does: make the next pair, repeat it, end the session, or nothing.

    If its successor was used, or it returns after the grace period, two parties have the token. The
    session then ends for both (RFC 9700, section 4.14.2).
    """
    if _is_over(session, now):
        return "refuse"
    pair = pair_of_generation(session, generation)
    if pair is not None and pair.refresh_hash != refresh_hash:
        return "refuse"
    if pair is session.current:
        return "rotate"
    if pair is not None and now < session.current.issued_at + REFRESH_GRACE:
        return "repeat"
    return "end"


def _is_over(session: Session, now: datetime) -> bool:
    is_unused = now >= session.current.issued_at + REFRESH_LIFETIME
    return session.ended_at is not None or is_unused or now >= session.created_at + SESSION_LIFETIME


def device_of(session: Session) -> Device:
    """What the user sees of a session."""
    return {
        "id": session.id,
        "device": session.device,
        "created_at": wire_time(session.created_at),
        "last_seen_at": wire_time(session.current.issued_at),
    }
