"""Accepted e-mail addresses, and their keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.users.domain.emails import email_fault, email_key, former_keys_of_mailbox


@pytest.mark.parametrize(
    "email",
    [
        "alice@mail.example",
        "alice.moreau+photos@a.b.c.example",
        "o'neill@x.example",
        "élise@post.example",
        "a@b-c.example",
        "x" * 64 + "@mail.example",
    ],
)
def test_a_deliverable_address_is_accepted(email: str) -> None:
    assert email_fault(email) is None


@pytest.mark.parametrize(
    "email",
    [
        "",
        "alice",
        "@mail.example",
        "alice@",
        "alice@localhost",
        "alice@mail..example",
        "alice@-mail.example",
        "alice@mail-.example",
        ".alice@mail.example",
        "a..b@mail.example",
        "al ice@mail.example",
        "alice@mail.example\n",
        "alice@mail.example\0",
        "alice@bob@mail.example",
        "x" * 65 + "@mail.example",
        "x@" + "y" * 63 + "." + ("z" * 60 + ".") * 4 + "example",
    ],
)
def test_anything_else_is_refused(email: str) -> None:
    assert email_fault(email)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice@Mail.Example", "alice@mail.example"),
        ("a@m\u00fcnchen.example", "a@xn--mnchen-3ya.example"),
        ("a@M\u00dcNCHEN.example", "a@mu\u0308nchen.example"),
        ("\u00e9@mail.example", "E\u0301@mail.example"),
        ("a@\uff4dail.example", "a@mail.example"),
        ("a@\u4f8b\u3002example", "a@\u4f8b.example"),
    ],
)
def test_spellings_of_one_mailbox_have_one_key(one: str, other: str) -> None:
    assert email_fault(one) is None
    assert email_key(one) == email_key(other)
    # Whichever spelling the former rules have filed, it is found.
    assert {one.casefold(), other.casefold()} <= former_keys_of_mailbox(one) | {other.casefold()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stra\u00dfe@mail.example", "strasse@mail.example"),
        ("a@stra\u00dfe.example", "a@strasse.example"),
        ("\u017fam@mail.example", "sam@mail.example"),
        ("\u03bf\u03c2@mail.example", "\u03bf\u03c3@mail.example"),
        ("\u0131@mail.example", "i@mail.example"),
        ("a.b@mail.example", "ab@mail.example"),
        ("a+b@mail.example", "a@mail.example"),
        ("\ufb01@mail.example", "fi@mail.example"),
    ],
)
def test_two_mailboxes_have_two_keys(one: str, other: str) -> None:
    assert email_key(one) != email_key(other)


@given(st.emails())
def test_a_key_is_a_spelling_of_its_own_mailbox(email: str) -> None:
    assert email_key(email_key(email)) == email_key(email)
