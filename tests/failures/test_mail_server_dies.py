"""The server of mail is killed under 500 sign-ups: every message arrives, doubles by one name."""

import asyncio
from collections import defaultdict

import pytest

from infra.mail.kept import KeptMessages
from tests.eventually import eventually
from tests.journeys.phone import account, from_a_new_address
from tests.suite import Suite

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

SIGN_UPS = 500
AT_ONCE = 10
KILLS = 8


async def _sign_up(suite: Suite, places: asyncio.Semaphore) -> str:
    form = account("mail")
    async with places, from_a_new_address(suite.public_url) as http:
        # As a phone does: an overloaded suite is asked again.
        async def made() -> None:
            reply = await http.post(
                "/v1/users", json=form, headers={"Idempotency-Key": form["username"]}
            )
            assert reply.status_code == 201, reply.text

        await eventually(made, within_s=120, every_s=1)
    return form["email"]


async def _kill_now_and_then(suite: Suite, names: dict[str, set[str]]) -> None:
    for number in range(1, KILLS + 1):

        def some_have_arrived(wanted: int = number * SIGN_UPS // (2 * KILLS)) -> None:
            _read(suite, names)
            assert len(names) >= wanted

        await eventually(some_have_arrived, within_s=300, every_s=0.5)
        suite.kill("mail")


def _read(suite: Suite, names: dict[str, set[str]]) -> None:
    """Add the Message-IDs of all kept messages by their recipient."""
    folder = suite.opened().folder.data / "mail"
    kept = KeptMessages(folder, keep_days=7, messages_max=100_000)
    for one in kept.latest(100_000):
        if one.recipient.startswith("mail_"):
            names[one.recipient].add(one.message_id)


async def test_every_message_arrives_and_doubles_have_one_name(suite: Suite) -> None:
    names: dict[str, set[str]] = defaultdict(set)
    places = asyncio.Semaphore(AT_ONCE)
    killing = asyncio.create_task(_kill_now_and_then(suite, names))
    recipients = await asyncio.gather(*(_sign_up(suite, places) for _ in range(SIGN_UPS)))
    await killing

    def all_arrived() -> None:
        _read(suite, names)
        missing = [recipient for recipient in recipients if recipient not in names]
        assert not missing, f"{len(missing)} of {SIGN_UPS} are missing"

    # A message that met a killed server is tried again after a minute at most.
    await eventually(all_arrived, within_s=300, every_s=1)
    assert all(len(names[recipient]) == 1 for recipient in recipients)
