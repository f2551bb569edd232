"""Replies with tokens in clear text: sign-up, sign-in and refresh."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.users.domain.profiles import ProfileFacts, own_profile_of
from services.users.domain.session_tokens import SessionTokens
from services.users.domain.sessions import (
    ACCESS_LIFETIME,
    REFRESH_LIFETIME,
    SESSION_LIFETIME,
    TokenPair,
)
from services.users.domain.sessions import Session as StoredSession
from shared.contracts.people import Session, SignedIn
from shared.wire_time import wire_time


def opened_session(session: StoredSession) -> dict[str, Any]:
    """Return what a repeated reply needs to name the same tokens."""
    return {
        "session_id": session.id,
        "opened_at": session.created_at.isoformat(),
        "access_hash": session.current.access_hash.hex(),
    }


def reply_of_opened(tokens: SessionTokens, opened: Mapping[str, Any]) -> Session:
    """The first tokens of a session, by the record of its opening."""
    first = TokenPair(
        generation=1,
        issued_at=datetime.fromisoformat(opened["opened_at"]),
        # Absent in records of before keys could be rotated.
        access_hash=bytes.fromhex(opened.get("access_hash", "")),
        refresh_hash=b"",
    )
    return token_reply(tokens, opened["session_id"], first, first.issued_at)


def token_reply(
    tokens: SessionTokens, session_id: int, pair: TokenPair, opened_at: datetime
) -> Session:
    """The tokens of one generation; repeated calls give the same ones."""
    ends_at = opened_at + SESSION_LIFETIME
    made_by = tokens.that_made(pair.access_hash, session_id, pair.generation)
    return {
        "id": session_id,
        "access_token": made_by.token("access", session_id, pair.generation),
        "access_expires_at": wire_time(min(pair.issued_at + ACCESS_LIFETIME, ends_at)),
        "refresh_token": made_by.token("refresh", session_id, pair.generation),
        "refresh_expires_at": wire_time(min(pair.issued_at + REFRESH_LIFETIME, ends_at)),
    }


def signed_in_reply(tokens: SessionTokens, person: ProfileFacts, session: Session) -> SignedIn:
    """The account with its tokens."""
    user = own_profile_of(person)
    return {
        "user": user,
        "session": session,
        "device_token": tokens.device_token(user["id"]),
    }
