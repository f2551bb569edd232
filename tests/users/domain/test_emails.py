"""Which e-mail addresses are accepted."""

import pytest

from services.users.domain.emails import email_fault, email_key


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
def test_an_address_that_mail_could_reach_is_fine(email: str) -> None:
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


def test_case_does_not_make_another_address() -> None:
    assert email_key("Alice@Mail.Example") == email_key("alice@mail.example")
