"""A rotation of the key of session tokens: nobody is signed out, and every reply repeats."""

import secrets
from dataclasses import replace

import pytest

from services.users.actions.refresh_session import refresh_session
from services.users.actions.sign_in import SignInForm, sign_in
from services.users.actions.sign_up import sign_up
from services.users.domain.session_tokens import SessionTokens
from services.users.resources import Resources
from shared.contracts.people import Session, SignedIn
from shared.errors import TokenUnknown
from tests.users.cast import PASSWORD, Cast, form_for
from tests.users.session_check import check_session

OLD, NEW = "the old key of this test", "the new key of this test"
# The phases in which two instances may be at the same time.
BEFORE, OFFERED = SessionTokens(OLD), SessionTokens(OLD, (NEW,))
SWITCHED, AFTER = SessionTokens(NEW, (OLD,)), SessionTokens(NEW)
PAIRS = [(BEFORE, OFFERED), (OFFERED, SWITCHED), (SWITCHED, OFFERED), (SWITCHED, AFTER)]


def _by(resources: Resources, tokens: SessionTokens) -> Resources:
    return replace(resources, tokens=tokens)


async def _refresh(resources: Resources, token: str) -> Session:
    return await refresh_session(resources.group, resources.sessions, resources.tokens, token)


async def _sign_in(resources: Resources, form: SignInForm, key: str) -> SignedIn:
    return await sign_in(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, key
    )


async def _sign_up(resources: Resources, key: str) -> SignedIn:
    # The same name each time, as a repeated request has.
    form = replace(form_for("alice"), username=f"a{key[:12]}", email=f"{key}@people.example")
    return await sign_up(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, key
    )


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_instances_of_neighbouring_phases_take_each_others_tokens(
    resources: Resources, first: SessionTokens, second: SessionTokens
) -> None:
    one, other = _by(resources, first), _by(resources, second)
    session = (await Cast(one).person("alice"))["session"]
    await check_session(other, session["access_token"])
    refreshed = await _refresh(other, session["refresh_token"])
    await check_session(one, refreshed["access_token"])


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_a_lost_reply_repeats_at_an_instance_of_the_next_phase(
    resources: Resources, first: SessionTokens, second: SessionTokens
) -> None:
    one, other = _by(resources, first), _by(resources, second)
    alice = await Cast(one).person("alice")
    token = alice["session"]["refresh_token"]
    assert await _refresh(one, token) == await _refresh(other, token)
    form, key = SignInForm(alice["user"]["username"], PASSWORD, "tablet"), secrets.token_hex()
    session, repeated = [(await _sign_in(by, form, key))["session"] for by in (one, other)]
    assert session == repeated
    signed_up, again = [(await _sign_up(by, key))["session"] for by in (one, other)]
    assert signed_up == again


async def test_a_dropped_key_ends_the_sessions_that_never_refreshed(resources: Resources) -> None:
    session = (await Cast(_by(resources, SWITCHED)).person("alice"))["session"]
    former = (await Cast(_by(resources, BEFORE)).person("bob"))["session"]
    after = _by(resources, AFTER)
    await _refresh(after, session["refresh_token"])
    with pytest.raises(TokenUnknown):
        await _refresh(after, former["refresh_token"])
