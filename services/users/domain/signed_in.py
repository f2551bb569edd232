"""Replies with tokens in clear text: sign-up, sign-in and refresh."""

from datetime import datetime

from services.users.domain.profiles import ProfileFacts, own_profile_of
from services.users.domain.session_tokens import SessionTokens
from services.users.domain.sessions import ACCESS_LIFETIME, REFRESH_LIFETIME
from shared.contracts.people import Session, SignedIn
from shared.wire_time import wire_time


def token_reply(
    tokens: SessionTokens, session_id: int, generation: int, issued_at: datetime
) -> Session:
    """The tokens of one generation; repeated calls give the same ones."""
    return {
        "id": session_id,
        "access_token": tokens.token("access", session_id, generation),
        "access_expires_at": wire_time(issued_at + ACCESS_LIFETIME),
        "refresh_token": tokens.token("refresh", session_id, generation),
        "refresh_expires_at": wire_time(issued_at + REFRESH_LIFETIME),
    }


def signed_in_reply(tokens: SessionTokens, person: ProfileFacts, session: Session) -> SignedIn:
    """The account with its tokens."""
    user = own_profile_of(person)
    return {
        "user": user,
        "session": session,
        "device_token": tokens.device_token(user["id"]),
    }
