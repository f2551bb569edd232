"""The disk watch asks a server that leads anew what it refuses, though its disk has space."""

from pathlib import Path

import pytest

from infra.backups.complaints import Complaints
from infra.backups.disks import DiskWatch
from infra.control.refused_writes import READ_ONLY
from infra.leaders import followers
from infra.plan.parts import Member
from infra.rendering.postgres import data_folder
from tests.eventually import eventually
from tests.suite import Suite


async def test_what_a_server_refused_before_it_followed_does_not_stay(
    data_suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = data_suite.on_disk
    database = suite.plan.databases[0]
    other = followers(database)[0]
    watch = DiskWatch(suite, Complaints(suite))
    await watch.look()

    async def folder(member: Member) -> Path:
        """The folder of another server for the first database, as after a failover."""
        return data_folder(suite, other if member.database == database.name else member)

    async with data_suite.postgres(database.name) as connection:
        await connection.execute(f"ALTER SYSTEM SET {READ_ONLY} = 'on'")
        await connection.execute("SELECT pg_reload_conf()")
        # The reserve belongs to the keeper, and this server has none.
        monkeypatch.setattr("infra.backups.disks.keep_reserve", lambda *_words: None)
        monkeypatch.setattr(watch, "_folder", folder)
        await watch.look()

        async def takes_writes() -> None:
            assert await connection.fetchval(f"SHOW {READ_ONLY}") == "off"

        await eventually(takes_writes)
