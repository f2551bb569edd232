"""Session tokens: always computed alike, and nothing else is accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.users.domain.session_tokens import (
    TOKEN_CHARACTERS_MAX,
    SessionTokens,
    TokenClaim,
    token_hash,
)

TOKENS = SessionTokens("a key of this test")
ids = st.integers(1, 2**63 - 1)
generations = st.integers(1, 2**31 - 1)


@given(ids, generations)
def test_a_token_names_its_session_and_generation(session_id: int, generation: int) -> None:
    token = TOKENS.token("access", session_id, generation)
    assert TOKENS.read("access", token) == TokenClaim(session_id, generation)
    assert len(token) <= TOKEN_CHARACTERS_MAX


def test_a_token_can_be_computed_again() -> None:
    again = SessionTokens("a key of this test")
    assert again.token("refresh", 7, 2) == TOKENS.token("refresh", 7, 2)


def test_one_kind_of_token_does_not_pass_for_the_other() -> None:
    access = TOKENS.token("access", 7, 1)
    assert TOKENS.read("refresh", access) is None
    assert TOKENS.read("refresh", access.replace("rta_", "rtr_")) is None


@given(ids, generations, st.data())
def test_a_token_with_any_character_changed_is_refused(
    session_id: int, generation: int, data: st.DataObject
) -> None:
    token = TOKENS.token("access", session_id, generation)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(blacklist_characters=token[place]))
    assert TOKENS.read("access", token[:place] + other + token[place + 1 :]) is None


@given(st.text())
def test_made_up_text_is_refused(text: str) -> None:
    assert TOKENS.read("access", text) is None


def test_leading_zeros_do_not_make_another_token() -> None:
    token = TOKENS.token("access", 7, 1)
    assert TOKENS.read("access", token.replace("rta_", "rta_0")) is None


def test_another_key_makes_other_tokens() -> None:
    assert SessionTokens("another key").read("access", TOKENS.token("access", 7, 1)) is None


def test_the_stored_hash_is_not_the_token() -> None:
    token = TOKENS.token("access", 7, 1)
    assert len(token_hash(token)) == 32
    assert token.encode() not in token_hash(token)


@pytest.mark.parametrize("other", [("alic", "epw"), ("alice", "pw", "")])
def test_a_fingerprint_tells_forms_apart(other: tuple[str, ...]) -> None:
    assert TOKENS.fingerprint("alice", "pw") == TOKENS.fingerprint("alice", "pw")
    assert TOKENS.fingerprint("alice", "pw") != TOKENS.fingerprint(*other)


def test_tokens_of_the_other_keys_of_a_rotation_are_read() -> None:
    both = SessionTokens("the next key", ("a key of this test", "one before"))
    assert both.read("refresh", TOKENS.token("refresh", 7, 1)) == TokenClaim(7, 1)
    assert both.signed_in_before(TOKENS.device_token(7)) == 7
    assert both.token("access", 7, 1) == SessionTokens("the next key").token("access", 7, 1)
    assert both.read("access", SessionTokens("a third").token("access", 7, 1)) is None


def test_a_repeated_reply_has_the_tokens_of_the_key_that_made_them() -> None:
    both = SessionTokens("the next key", ("a key of this test",))
    for made in (TOKENS, both):
        token = made.token("access", 7, 1)
        assert both.that_made(token_hash(token), 7, 1).token("access", 7, 1) == token


def test_a_form_is_known_again_under_each_key() -> None:
    both = SessionTokens("the next key", ("a key of this test",))
    assert both.other_fingerprints("alice", "pw") == (TOKENS.fingerprint("alice", "pw"),)


def test_a_held_name_is_recognised_by_the_other_keys_of_a_rotation() -> None:
    former, newer = SessionTokens("f" * 32), SessionTokens("n" * 32, ["f" * 32])
    assert newer.name_digests("alice")[1:] == former.name_digests("alice")
    assert newer.name_digests("alice")[0] not in former.name_digests("alice")
