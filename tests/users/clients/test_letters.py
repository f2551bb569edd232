"""Messages say what they must in both languages, as text and as HTML."""

import tomllib
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import get_args

import pytest

from services.users.clients import letters
from services.users.clients.letters import Letters
from services.users.domain.mails import LANGUAGES, Language, Mail, MailKind

_AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
_KINDS: tuple[MailKind, ...] = get_args(MailKind)
_WORDS = {
    "username": "alice",
    "code": "402718",
    "link": "6da7.b25lIG9mIGEga2luZA",
    "device": "Alice's phone",
    "network": "203.0.113.7",
    "at": "2026-05-04 09:30",
    "former": "alice@mail.example",
    "present": "alice@new.example",
}
_TEXTS = Path(letters.__file__).with_name("letter_texts")


def _message(kind: MailKind, language: Language = "en", **words: str) -> EmailMessage:
    mail = Mail(1, kind, "alice@mail.example", language)
    made = Letters("Retrato <no-reply@photos.example>", "https://photos.example/")
    return made.message(7, mail, _AT, {**_WORDS, **words})


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", _KINDS)
def test_each_kind_is_whole_in_each_language(kind: MailKind, language: Language) -> None:
    message = _message(kind, language)
    assert message["Subject"]
    assert message["Content-Language"] == language
    for body in (_body(message, "plain"), _body(message, "html")):
        assert "402718" in body
        assert not {"{", "}"} & set(_body(message, "plain"))


def test_both_languages_have_the_same_kinds() -> None:
    kinds = {
        language: set(tomllib.loads((_TEXTS / f"{language}.toml").read_text(encoding="utf-8")))
        for language in LANGUAGES
    }
    assert kinds["en"] == kinds["es"] == {*_KINDS, "footer"}


def test_the_name_of_a_message_follows_from_its_row() -> None:
    assert _message("verify_address")["Message-ID"] == "<7.verify_address@photos.example>"
    assert _message("verify_address").as_string().count("Message-ID") == 1


def test_links_begin_with_the_setting() -> None:
    for kind in ("plain", "html"):
        assert "https://photos.example/link#6da7.b25lIG9mIGEga2luZA" in _body(
            _message("verify_address"), kind
        )


def test_words_of_people_are_text_in_html() -> None:
    shown = _body(_message("verify_address", username="<b>{code}</b>"), "html")
    assert "&lt;b&gt;{code}&lt;/b&gt;" in shown
    assert "<b>" not in shown


def test_machines_do_not_answer() -> None:
    assert _message("verify_address")["Auto-Submitted"] == "auto-generated"
