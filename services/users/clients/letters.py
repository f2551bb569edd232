"""Makes messages of their texts: a subject, a text and an HTML body in the account's language."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from services.users.domain.mails import Mail

_FOLDER = Path(__file__).with_name("letter_texts")
_DOMAIN = re.compile(r"https?://([^/:]+)")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message of a kind says; a button needs a link, and a code stands by itself."""

    subject: str
    paragraphs: tuple[str, ...]
    after: tuple[str, ...]
    button: str


class Letters:
    """Makes messages from `sender`; links begin with `link_url`, whatever a request said."""

    def __init__(self, sender: str, link_url: str) -> None:
        [(self._name, self._address)] = getaddresses([sender])
        self._link_url = link_url.rstrip("/")
        found = _DOMAIN.match(self._link_url)
        self._domain = found[1] if found else "localhost"
        self._looks = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_FOLDER),
            # By the ending of the template: text is no HTML.
            autoescape=jinja2.select_autoescape(("html.j2",)),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def message(
        self, mail_id: int, mail: Mail, queued_at: datetime, words: Mapping[str, Any]
    ) -> EmailMessage:
        """The message of a row: the same id gives the same Message-ID.

        `words` is what its text names; `code` and `link` among them have places of their own.
        """
        letter = _letters(mail.language)[mail.kind]
        link = words.get("link", "")
        shown = {
            "language": mail.language,
            "service": self._name or self._domain,
            "subject": letter.subject,
            "paragraphs": [_filled(text, words) for text in letter.paragraphs],
            "after": [_filled(text, words) for text in letter.after],
            "button": letter.button if link else "",
            "code": words.get("code", ""),
            "url": f"{self._link_url}/link#{link}" if link else "",
            "footer": _letters(mail.language)["footer"].paragraphs[0],
        }
        message = EmailMessage()
        message["From"] = Address(self._name, addr_spec=self._address)
        message["To"] = mail.recipient
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(queued_at)
        message["Message-ID"] = f"<{mail_id}.{mail.kind}@{self._domain}>"
        # RFC 3834: no answering machine replies to it.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self._looks.get_template("letter.txt.j2").render(shown))
        html = self._looks.get_template("letter.html.j2").render(shown)
        message.add_alternative(html, subtype="html")
        # Headers of this kind move into the first part when there is a second one.
        message["Content-Language"] = mail.language
        return message


def _filled(text: str, words: Mapping[str, Any]) -> str:
    """Put words in the place of their names; texts are ours, so no word is read as one."""
    return text.format_map(words)


@cache
def _letters(language: str) -> dict[str, Letter]:
    texts = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {
        kind: Letter(
            subject=said.get("subject", ""),
            paragraphs=tuple(said["paragraphs"]),
            after=tuple(said.get("after", ())),
            button=said.get("button", ""),
        )
        for kind, said in texts.items()
    }
