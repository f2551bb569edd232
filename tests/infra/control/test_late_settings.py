"""A running suite takes over changed settings, even if the start that wrote them was killed."""

import asyncio
import os
import subprocess
import time

import httpx
import pytest

from infra.control.late_settings import began_s, late_processes
from infra.rendering.differences import files_of
from tests.eventually import eventually
from tests.suite import Suite


def names_of_late(suite: Suite) -> set[str]:
    return {process.name for process in late_processes(suite.on_disk)}


@pytest.mark.parametrize(
    ("process", "file"),
    [
        ("gateway-1", "gateway.env"),
        ("feed-worker-1", "feed-worker.env"),
        ("feed-1", "feed.env"),
        ("nginx-2", "nginx/nginx-2.conf"),
        ("postgres-users-a", "postgres/users-a/postgresql.conf"),
        ("redis-feed", "redis/feed.conf"),
        ("dns", "dns/pdns.conf"),
    ],
)
def test_each_kind_of_process_has_its_files(data_suite: Suite, process: str, file: str) -> None:
    etc = data_suite.on_disk.folder.etc
    found = files_of(data_suite.on_disk, data_suite.process(process))
    assert etc / file in found, [str(one.relative_to(etc)) for one in found]


def test_a_process_is_as_old_as_its_newest_child() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        assert abs(began_s(0, os.getpid()) - time.time()) < 30
        child.communicate()
    assert began_s(5, 0) == 6.0


async def test_a_suite_that_runs_takes_over_what_changed(suite: Suite) -> None:
    assert names_of_late(suite) == set()
    environment = suite.on_disk.folder.environment("gateway")
    # As if a start had written the file and was killed before it restarted anything.
    environment.write_text(environment.read_text() + "# changed\n")
    os.utime(environment, (time.time() + 2, time.time() + 2))
    gateways = set(suite.process_names("gateway"))
    assert names_of_late(suite) == gateways

    async with httpx.AsyncClient(base_url=suite.public_url, timeout=10) as client:
        before = {name: suite.pid(name) for name in gateways}
        said = await asyncio.to_thread(suite.operate, "up")
        assert all(f"{name} began with other settings" in said for name in gateways)
        assert all(suite.pid(name) != before[name] for name in gateways)
        assert (await client.get("/v1/me")).status_code == 401

    def none_is_late() -> None:
        assert names_of_late(suite) == set()

    await eventually(none_is_late)
