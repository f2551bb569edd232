"""Backups go to an external store and come back from it, configured by the topology alone."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from infra.backups.place import Place, embedded_keys, place_of
from infra.backups.source import ACCESS_KEY, PASSPHRASE, SECRET_KEY
from infra.backups.temporary_store import served
from infra.json_files import write_durably
from tests.infra.backups.drawn_suite import DrawnSuite, drawn_suite
from tests.suite import Suite

pytestmark = pytest.mark.long

PORT = 9443
BUCKET = "somebody-elses"


@dataclass(frozen=True)
class Elsewhere:
    """A store with its own authority and keys, and a suite that uses it."""

    drawn: DrawnSuite
    endpoint: str
    keys: tuple[str, str]


@pytest.fixture
async def elsewhere(data_suite: Suite) -> AsyncIterator[Elsewhere]:
    folder = data_suite.run_dir.with_name(f"{data_suite.run_dir.name}-store")
    (folder / BUCKET).mkdir(parents=True)
    try:
        async with _store(data_suite, folder) as (place, ca_file):
            figures = {
                "kind": '"external"',
                "endpoint": f'"{place.endpoint}"',
                "bucket": f'"{BUCKET}"',
                "ca_file": f'"{ca_file}"',
            }
            with drawn_suite(data_suite, "external", figures) as drawn:
                yield Elsewhere(drawn, place.endpoint, embedded_keys(place.passphrase))
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def _store(data_suite: Suite, folder: Path) -> AsyncIterator[tuple[Place, Path]]:
    own = place_of(data_suite.on_disk)
    host = f"{data_suite.plan.network}.99.1"
    place = replace(own, host=host, port=PORT, bucket=BUCKET, passphrase="somebody else's")
    async with served(folder, place, data_suite.on_disk.folder) as ca_file:
        yield place, ca_file


async def test_a_suite_comes_back_from_a_store_elsewhere(elsewhere: Elsewhere) -> None:
    drawn = elsewhere.drawn
    _write_keys(drawn, elsewhere.keys)
    await asyncio.to_thread(drawn.infra, "up", "--data-only")
    await _write(drawn, "kept elsewhere")
    assert "can be restored" in await asyncio.to_thread(drawn.infra, "backup", "--kind", "full")
    await _write(drawn, "not kept")
    passphrase = drawn.on_disk.secrets["backup_passphrase"]
    # The reset stands for a lost machine.
    await asyncio.to_thread(drawn.infra, "reset", "--yes")

    source = f"{elsewhere.endpoint}/{BUCKET}"
    words = {
        ACCESS_KEY: elsewhere.keys[0],
        SECRET_KEY: elsewhere.keys[1],
        PASSPHRASE: "not that one",
    }
    said = await asyncio.to_thread(
        lambda: drawn.infra("restore", "--source", source, status=1, environment=words)
    )
    assert "another one than it was sealed with" in said
    words[PASSPHRASE] = passphrase
    await asyncio.to_thread(lambda: drawn.infra("restore", "--source", source, environment=words))
    async with drawn.suite.postgres("users-a") as connection:
        rows = await connection.fetch("SELECT note FROM public.elsewhere")
    assert [row["note"] for row in rows] == ["kept elsewhere"]


def _write_keys(drawn: DrawnSuite, keys: tuple[str, str]) -> None:
    """Write the store's keys before the first start, as infra/topology.toml describes."""
    folder = drawn.suite.run_dir
    folder.mkdir(exist_ok=True)
    named = {"backup_access_key": keys[0], "backup_secret_key": keys[1]}
    write_durably(folder / "secrets.json", json.dumps(named))


async def _write(drawn: DrawnSuite, note: str) -> None:
    async with drawn.suite.postgres("users-a") as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS public.elsewhere (note text)")
        await connection.execute("INSERT INTO public.elsewhere VALUES ($1)", note)
