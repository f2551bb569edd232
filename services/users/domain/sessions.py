"""The life of a session: generations of token pairs, their times, and what a refresh may do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.contracts.people import Device
from shared.wire_time import wire_time

ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_LIFETIME = timedelta(days=60)
# A phone that lost the reply of a refresh asks again with the old token, at most this much later.
REFRESH_GRACE = timedelta(seconds=30)
# More devices than anybody signs in with; the ones unused for longest are signed out.
SESSIONS_PER_USER_MAX = 50


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The hashes of one generation's tokens and when it was issued."""

    generation: int
    issued_at: datetime
    access_hash: bytes
    refresh_hash: bytes


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in device; `previous` is the pair before the current one, if there was one."""

    id: int
    user_id: int
    device: str
    created_at: datetime
    current: TokenPair
    previous: TokenPair | None = None
    ended_at: datetime | None = None


RefreshOutcome = Literal["rotate", "repeat", "end", "refuse"]


def pair_of_generation(session: Session, generation: int) -> TokenPair | None:
    """The pair of that generation while it still can mean something."""
    if generation == session.current.generation:
        return session.current
    if session.previous is not None and generation == session.previous.generation:
        return session.previous
    return None


def access_expiry(
    session: Session, generation: int, access_hash: bytes, now: datetime
) -> datetime | None:
    """Until when this access token is good; None if it is not, or not any more.

    The pair before the current one stays good for its fifteen minutes, because requests that
    were on their way during a refresh carry it.
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
    """Why an access token of this session is not good, where `access_expiry` says so."""
    if session.ended_at is not None or now >= session.current.issued_at + REFRESH_LIFETIME:
        return "ended"
    pair = pair_of_generation(session, generation)
    if generation > session.current.generation:
        return "made_up"
    return "made_up" if pair is not None and pair.access_hash != access_hash else "expired"


def refresh_outcome(
    session: Session, generation: int, refresh_hash: bytes, now: datetime
) -> RefreshOutcome:
    """What a refresh token does: make the next pair, repeat it, end the session, or nothing.

    A token whose successor was already used, or that comes back after the grace, is in two
    hands: the session ends for both (RFC 9700, section 4.14.2).
    """
    if session.ended_at is not None or now >= session.current.issued_at + REFRESH_LIFETIME:
        return "refuse"
    pair = pair_of_generation(session, generation)
    if pair is not None and pair.refresh_hash != refresh_hash:
        return "refuse"
    if pair is session.current:
        return "rotate"
    if pair is not None and now < session.current.issued_at + REFRESH_GRACE:
        return "repeat"
    return "end"


def device_of(session: Session) -> Device:
    """What its user is shown of a session."""
    return {
        "id": session.id,
        "device": session.device,
        "created_at": wire_time(session.created_at),
        "last_seen_at": wire_time(session.current.issued_at),
    }
