"""Messages are sent at least once, with one name each, and their ends are counted."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.users.actions.send_mail import send_mail
from services.users.clients.smtp_server import SmtpServer
from services.users.domain.mails import Mail
from services.users.resources import Resources
from services.users.store.mails import mails_of_account, queue_mail
from services.users.worker import run
from shared.errors import Unavailable
from shared.sql_files import parse_query
from tests.eventually import eventually
from tests.users.cast import Cast
from tests.users.mail_server import Mailbox

_WAITING = parse_query("waiting", "SELECT id FROM :schema.mail WHERE user_id = :user_id")
_REOPEN = parse_query(
    "reopen", "UPDATE :schema.mail SET ended_at = NULL, outcome = NULL WHERE id = :id"
)
_AGE = parse_query(
    "age", "UPDATE :schema.mail SET send_until = send_until - :by::interval WHERE id = :id"
)


async def _payload(resources: Resources, user_id: int) -> dict[str, Any]:
    group = resources.group
    mail_id = await group.reader(group.shard_of(user_id)).value(_WAITING, user_id=user_id)
    return {"user_id": user_id, "mail_id": mail_id}


async def _send(resources: Resources, client: SmtpServer, payload: dict[str, Any]) -> None:
    await send_mail(resources.group, resources.codes, resources.letters, client, payload)


async def _outcomes(resources: Resources, user_id: int) -> list[str | None]:
    return [one.outcome for one in await mails_of_account(resources.group, user_id)]


async def test_a_message_that_is_sent_twice_has_the_same_name_and_code(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    alice = (await cast.person("alice"))["user"]
    payload = await _payload(resources, alice["id"])
    await _send(resources, mail.client, payload)
    # As if the worker had died before it noted the end.
    group = resources.group
    async with group.writer(group.shard_of(alice["id"])) as tx:
        await tx.execute(_REOPEN, id=payload["mail_id"])
    await _send(resources, mail.client, payload)
    one, other = mail.messages_to(alice["email"])
    assert one["Message-ID"] == other["Message-ID"]
    assert one.as_bytes().split(b"boundary=")[0] == other.as_bytes().split(b"boundary=")[0]


async def test_a_sent_message_is_not_sent_again(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    alice = (await cast.person("alice"))["user"]
    payload = await _payload(resources, alice["id"])
    for _run in range(3):
        await _send(resources, mail.client, payload)
    assert len(mail.messages_to(alice["email"])) == 1
    assert await _outcomes(resources, alice["id"]) == ["sent"]


async def test_while_the_server_is_away_the_message_waits(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    away = replace(mail.address, port=1)
    alice = (await cast.person("alice"))["user"]
    payload = await _payload(resources, alice["id"])
    with pytest.raises(Unavailable):
        await _send(resources, SmtpServer(away), payload)
    assert await _outcomes(resources, alice["id"]) == [None]
    await _send(resources, mail.client, payload)
    assert await _outcomes(resources, alice["id"]) == ["sent"]


async def test_without_a_server_no_message_waits(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    alice = (await cast.person("alice"))["user"]
    payload = await _payload(resources, alice["id"])
    await _send(resources, SmtpServer(replace(mail.address, host="")), payload)
    assert await _outcomes(resources, alice["id"]) == ["no_server"]


async def test_a_wrong_password_of_ours_keeps_the_message(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    stranger = SmtpServer(replace(mail.address, password="another one"))
    alice = (await cast.person("alice"))["user"]
    with pytest.raises(Unavailable):
        await _send(resources, stranger, await _payload(resources, alice["id"]))


async def test_a_server_of_another_authority_gets_nothing(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    stranger = SmtpServer(replace(mail.address, ca_file=None))
    alice = (await cast.person("alice"))["user"]
    with pytest.raises(Unavailable):
        await _send(resources, stranger, await _payload(resources, alice["id"]))
    assert not mail.messages_to(alice["email"])


async def test_a_refused_message_is_counted_and_not_tried_again(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user_id = await cast.user_id("alice")
    group = resources.group
    async with group.writer(group.shard_of(user_id)) as tx:
        await queue_mail(tx, Mail(user_id, "have_account", "nobody@refused.example"))
    newest = (await group.reader(group.shard_of(user_id)).rows(_WAITING, user_id=user_id))[-1]
    await _send(resources, mail.client, {"user_id": user_id, "mail_id": newest["id"]})
    assert "refused" in await _outcomes(resources, user_id)


async def test_a_code_that_has_ended_is_not_sent(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    alice = (await cast.person("alice"))["user"]
    payload, group = await _payload(resources, alice["id"]), resources.group
    async with group.writer(group.shard_of(alice["id"])) as tx:
        await tx.execute(_AGE, id=payload["mail_id"], by=timedelta(hours=25))
    await _send(resources, mail.client, payload)
    assert await _outcomes(resources, alice["id"]) == ["too_late"]
    assert not mail.messages_to(alice["email"])


async def test_the_worker_sends_what_was_queued(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(run(replace(resources, smtp=mail.client), stop))
    alice = (await cast.person("alice"))["user"]

    def arrived() -> None:
        assert mail.messages_to(alice["email"])

    # Those of other tests are sent before it.
    await eventually(arrived, within_s=60.0)
    stop.set()
    await running
