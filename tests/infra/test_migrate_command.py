"""A service migrates its shards with nothing but an environment."""

import asyncio
import os
import sys

import pytest

from infra.run_folder import REPOSITORY
from tests.suite import Suite


async def _migrate(service: str, environment: dict[str, str]) -> tuple[int | None, str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"services.{service}.migrate",
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _nothing = await child.communicate()
    return child.returncode, said.decode()


def _environment(suite: Suite, service: str) -> dict[str, str]:
    return suite.env(f"migrate-{service}")


@pytest.mark.parametrize("service", ["users", "upload", "feed"])
async def test_two_runs_at_once_both_find_every_shard_at_the_newest(
    data_suite: Suite, service: str
) -> None:
    environment = _environment(data_suite, service)
    ended = await asyncio.gather(*(_migrate(service, environment) for _ in range(2)))
    for code, said in ended:
        assert code == 0, said
        # The run that waits for the other reports it first.
        assert said.endswith(f"{service}: every shard is at the newest migration\n")


async def test_a_shard_with_a_newer_schema_has_a_status_of_its_own(data_suite: Suite) -> None:
    record = "shard_0000.migration"
    async with data_suite.postgres("feed-a") as connection:
        await connection.execute(f"INSERT INTO {record} VALUES ('feed/9999_later.sql', 'x')")
        try:
            code, said = await _migrate("feed", _environment(data_suite, "feed"))
        finally:
            await connection.execute(f"DELETE FROM {record} WHERE name = 'feed/9999_later.sql'")
    assert code == 3
    assert "this code is older than the schema of feed" in said


async def test_what_is_missing_or_wrong_is_a_sentence(data_suite: Suite) -> None:
    environment = _environment(data_suite, "feed")
    wrong = await _migrate("feed", {**environment, "FEED_POSTGRES_PASSWORD": "another"})
    assert wrong[0] == 1
    assert wrong[1].startswith("The migration of feed stopped: ")
    del environment["FEED_SHARD_MAP_FILE"]
    missing = await _migrate("feed", environment)
    assert missing[0] == 2
    assert "FEED_SHARD_MAP_FILE" in missing[1]
    assert "Traceback" not in wrong[1] + missing[1]
