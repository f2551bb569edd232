"""The reply with a session's tokens, and when it says that they end."""

from datetime import UTC, datetime, timedelta

import pytest

from services.users.domain.session_tokens import SessionTokens
from services.users.domain.sessions import SESSION_LIFETIME, TokenPair
from services.users.domain.signed_in import token_reply
from shared.wire_time import wire_time

TOKENS = SessionTokens("a key of at least sixteen")
OPENED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("age", [timedelta(), timedelta(days=330), SESSION_LIFETIME])
def test_no_token_is_promised_for_longer_than_its_session(age: timedelta) -> None:
    pair = TokenPair(generation=9, issued_at=OPENED + age, access_hash=b"", refresh_hash=b"")
    reply = token_reply(TOKENS, 1, pair, OPENED)
    ends_at = wire_time(OPENED + SESSION_LIFETIME)
    assert reply["access_expires_at"] <= reply["refresh_expires_at"] <= ends_at
