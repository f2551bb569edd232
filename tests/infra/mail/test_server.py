"""The process takes messages from whoever has the password, and shows them to operators."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest
import trustme

from infra.mail.server import MailSettings, serve_mail, settings_in
from tests.eventually import eventually

_TOKEN, _PASSWORD = "a token of operators", "a password of users"
_HOST = "127.0.0.1"


def _free_port() -> int:
    with closing(socket.socket()) as door:
        door.bind((_HOST, 0))
        port: int = door.getsockname()[1]
        return port


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[MailSettings]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    pair = authority.issue_cert(_HOST)
    pair.private_key_pem.write_to_path(tmp_path / "mail.key")
    pair.cert_chain_pems[0].write_to_path(tmp_path / "mail.crt")
    (tmp_path / "messages").mkdir()
    settings = MailSettings(
        instance="mail",
        address=_HOST,
        port=_free_port(),
        smtp_port=_free_port(),
        smtp_password=_PASSWORD,
        operator_tokens=(_TOKEN, "the next token of operators"),
        cert_file=tmp_path / "mail.crt",
        key_file=tmp_path / "mail.key",
        folder=tmp_path / "messages",
        keep_days=7,
        messages_max=100,
        log_level="INFO",
        revision="unknown",
    )
    stop = asyncio.Event()
    serving = asyncio.create_task(serve_mail(settings, stop))

    async def answers() -> None:
        assert (await _get(settings, "/ready")).status_code == 200

    await eventually(answers)
    yield settings
    stop.set()
    await serving


async def _get(settings: MailSettings, path: str, token: str = _TOKEN) -> httpx.Response:
    context = ssl.create_default_context(cafile=settings.cert_file.with_name("ca.crt"))
    async with httpx.AsyncClient(verify=context) as client:
        try:
            return await client.get(
                f"https://{settings.address}:{settings.port}{path}",
                headers={"Authorization": f"Bearer {token}"} if token else {},
            )
        except httpx.ConnectError as error:
            raise AssertionError(str(error)) from error


async def _send(
    settings: MailSettings, recipient: str = "alice@mail.example", password: str = _PASSWORD
) -> None:
    message = EmailMessage()
    message["From"] = "Retrato <no-reply@localhost>"
    message["To"] = recipient
    message["Subject"] = "Confirm your address"
    message.set_content("402718")
    message.add_alternative("<p>402718</p>", subtype="html")
    await aiosmtplib.send(
        message,
        hostname=settings.address,
        port=settings.smtp_port,
        username="users" if password else None,
        password=password or None,
        use_tls=True,
        tls_context=ssl.create_default_context(cafile=settings.cert_file.with_name("ca.crt")),
    )


async def test_a_message_is_kept_and_shown_to_operators(door: MailSettings) -> None:
    await _send(door)
    (listed,) = (await _get(door, "/messages")).json()["messages"]
    assert (listed["recipient"], listed["subject"]) == (
        "alice@mail.example",
        "Confirm your address",
    )
    shown = (await _get(door, f"/messages/{listed['id']}")).json()
    assert ["To", "alice@mail.example"] in shown["headers"]
    assert (shown["text"].strip(), shown["html"].strip()) == ("402718", "<p>402718</p>")


@pytest.mark.parametrize("password", ["", "another password"])
async def test_nobody_without_the_password_leaves_a_message(
    door: MailSettings, password: str
) -> None:
    with pytest.raises(aiosmtplib.SMTPException):
        await _send(door, password=password)
    assert (await _get(door, "/messages")).json() == {"messages": []}


async def test_a_recipient_of_the_refused_domain_gets_nothing(door: MailSettings) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await _send(door, "nobody@refused.example")
    assert (await _get(door, "/messages")).json() == {"messages": []}


@pytest.mark.parametrize("path", ["/messages", "/messages/1-1", "/metrics", "/", "/docs"])
async def test_only_operators_see_more_than_the_probes(door: MailSettings, path: str) -> None:
    assert (await _get(door, path, "another token")).status_code == 401
    assert (await _get(door, path, "")).status_code == 401


async def test_a_token_counts_while_it_is_being_replaced(door: MailSettings) -> None:
    assert (await _get(door, "/messages", "the next token of operators")).status_code == 200


async def test_metrics_count_what_arrives(door: MailSettings) -> None:
    await _send(door)
    assert "retrato_mail_taken_total" in (await _get(door, "/metrics")).text


async def test_what_is_not_there_is_not_found(door: MailSettings) -> None:
    assert (await _get(door, "/messages/1-1")).status_code == 404
    assert (await _get(door, "/elsewhere")).status_code == 404


async def test_the_environment_gives_the_settings(door: MailSettings) -> None:
    environment = {
        "MAIL_INSTANCE": "mail",
        "MAIL_LISTEN_HOST": door.address,
        "MAIL_LISTEN_PORT": str(door.port),
        "MAIL_SMTP_PORT": str(door.smtp_port),
        "MAIL_SMTP_PASSWORD": _PASSWORD,
        "MAIL_OPERATOR_TOKEN": _TOKEN,
        "MAIL_TLS_CERT_FILE": str(door.cert_file),
        "MAIL_TLS_KEY_FILE": str(door.key_file),
        "MAIL_FOLDER": str(door.folder),
        "MAIL_KEEP_DAYS": "7",
        "MAIL_MESSAGES_MAX": "100",
    }
    assert settings_in(environment) == replace(door, operator_tokens=(_TOKEN,))
    with pytest.raises(KeyError, match="MAIL_FOLDER"):
        settings_in({name: one for name, one in environment.items() if name != "MAIL_FOLDER"})
