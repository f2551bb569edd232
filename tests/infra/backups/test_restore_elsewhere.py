"""A lost suite comes back on another network from its backups alone."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from infra.backups.place import backup_folder
from infra.backups.restorable import restorable
from infra.backups.source import PASSPHRASE, own_source
from infra.backups.state import read_erasures, read_mark
from infra.leaders import leader
from infra.run_folder import REPOSITORY
from tests.eventually import eventually
from tests.journeys.phone import PASSWORD, Phone, phone_of, sign_in
from tests.suite import Suite

pytestmark = pytest.mark.long


@pytest.fixture
def elsewhere(suite: Suite) -> Iterator[Suite]:
    """An empty folder and an unused network."""
    first, second = suite.plan.network.split(".")
    other = Suite(suite.run_dir.with_name(f"{suite.run_dir.name}-elsewhere"), f"{first}.1{second}")
    yield other
    other.reset()


async def test_a_lost_machine_comes_back_between_two_posts(suite: Suite, elsewhere: Suite) -> None:
    async with (
        phone_of(suite.public_url, "alice") as alice,
        phone_of(suite.public_url, "bob") as bob,
        phone_of(suite.public_url, "carol") as carol,
    ):
        await eventually(lambda: _has_backups(suite), within_s=300)
        await bob.follow(alice)
        await bob.follow(carol)
        earlier, of_carol = await alice.post("earlier"), await carol.post()
        await bob.sees(of_carol["id"])
        moment = datetime.now(UTC)
        later = await alice.post("later")
        farewell = await carol.http.request("DELETE", "/v1/me", json={"password": PASSWORD})
        assert farewell.status_code == 202
        deleted_at = datetime.now(UTC)
        await eventually(lambda: _everything_is_kept(suite, carol, deleted_at), within_s=300)
        await asyncio.to_thread(_restore, suite, elsewhere, moment)
        for phone in (alice, bob):
            # The session from before the loss, at the new address.
            phone.http.base_url = httpx.URL(elsewhere.public_url)
        assert [item["id"] for item in await bob.home()] == [earlier["id"]]
        await bob.get(f"/v1/posts/{later['id']}", status=404)
        await _picture_loads(bob, earlier["id"])
        assert (await sign_in(elsewhere.public_url, alice.username))["access_token"]
        ids = (carol.id, of_carol["id"], of_carol["photos"][0]["id"])
        assert await elsewhere.remains(*ids) == []
        assert int((await alice.post())["id"]) > int(later["id"])


async def _has_backups(suite: Suite) -> None:
    """Assert that every primary has a backup; the keeper takes the first ones after the start."""
    async with own_source(suite.on_disk) as source:
        for group in suite.plan.groups.values():
            for database in group.databases:
                found = await restorable(suite.on_disk, source, leader(database))
                assert found.backups


async def _everything_is_kept(suite: Suite, gone: Phone, since: datetime) -> None:
    async with own_source(suite.on_disk) as source:
        assert int(gone.id) in await read_erasures(source.bucket, source.place)
        mark = await read_mark(source.bucket, source.place)
    assert mark is not None
    assert mark.moment > since


def _restore(suite: Suite, elsewhere: Suite, moment: datetime) -> None:
    """Restore as the operations page says, with the store's folder and the passphrase."""
    copy = elsewhere.run_dir.with_name("kept-elsewhere")
    shutil.copytree(backup_folder(suite.on_disk), copy)
    try:
        _run_restore(suite, elsewhere, moment, copy)
    finally:
        shutil.rmtree(copy)


def _run_restore(suite: Suite, elsewhere: Suite, moment: datetime, copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra", "restore", "--at", str(moment), "--source", str(copy)],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "RETRATO_RUN_DIR": str(elsewhere.run_dir),
            "RETRATO_NET": elsewhere.plan.network,
            "RETRATO_LIMITS": "loose",
            PASSPHRASE: suite.on_disk.secrets["backup_passphrase"],
        },
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def _picture_loads(phone: Phone, post_id: str) -> None:
    post = await phone.get(f"/v1/posts/{post_id}")
    url = post["photos"][0]["renditions"][0]["url"]
    async with httpx.AsyncClient(timeout=30) as http:
        reply = await http.get(url)
    assert reply.status_code == 200
    assert len(reply.content) > 1000


def test_the_drill_finds_nothing_in_sound_backups(suite: Suite) -> None:
    said = suite.operate("backup", "--kind", "full")
    assert "can be restored" in said
    assert "All of it came back." in suite.operate("restore-drill", "--seed", "7")
