"""Processes left by an earlier run are found by their mark; no other process is touched."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from infra.control.leftovers import (
    end_leftovers,
    end_processes,
    is_alive,
    leftover_pids,
)
from infra.programs import program
from infra.run_folder import MARK, REPOSITORY, RunFolder
from tests.eventually import eventually

_PORT = 8031


@contextmanager
def _running(*command: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_process_with_the_mark_is_found_and_ended(tmp_path: Path) -> None:
    with _running("sleep", "60", environment={MARK: str(tmp_path)}) as process:
        assert leftover_pids(RunFolder(tmp_path), []) == {process.pid}
        assert end_processes([process.pid], timeout_s=5) == set()
        assert not is_alive(process.pid)


def test_a_process_of_another_suite_is_not_ours(tmp_path: Path) -> None:
    with _running("sleep", "60", environment={MARK: f"{tmp_path}/other"}):
        assert leftover_pids(RunFolder(tmp_path), []) == set()


def test_a_stranger_at_one_of_our_addresses_is_not_ours(tmp_path: Path) -> None:
    command = "import socket, sys; s = socket.create_server(('127.31.0.2', 8000)); sys.stdin.read()"
    with subprocess.Popen(["python3", "-c", command], stdin=subprocess.PIPE) as stranger:
        try:
            assert leftover_pids(RunFolder(tmp_path), [("127.31.0.2", 8000)]) == set()
        finally:
            stranger.kill()


def test_one_that_ignores_the_polite_signal_is_ended_by_force(tmp_path: Path) -> None:
    stubborn = "trap '' TERM; echo ready; while :; do sleep 1; done"
    process = subprocess.Popen(["sh", "-c", stubborn], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == b"ready\n"
        assert end_processes([process.pid], timeout_s=0.3) == set()
    assert process.returncode == -9


def test_one_that_begins_while_others_end_is_ended_too(tmp_path: Path) -> None:
    begets = "trap 'sleep 60 & exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    environment = {MARK: str(tmp_path), "PATH": os.defpath}
    process = subprocess.Popen(["sh", "-c", begets], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == b"ready\n"
        assert end_leftovers(RunFolder(tmp_path), [], timeout_s=5) == set()
    assert leftover_pids(RunFolder(tmp_path), []) == set()


_NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
events {{ worker_connections 16; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/photos keys_zone=photos:1m;
    server {{ listen {address}:{port}; }}
}}
"""


@asynccontextmanager
async def _orphaned_nginx(configs: Path, address: str) -> AsyncIterator[set[int]]:
    """Kill the master of an nginx that started as a suite starts it; yields its children."""
    config = configs / "nginx-1.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(_NGINX.format(folder=configs, address=address, port=_PORT, user=user))
    start = [sys.executable, "-m", "infra.control.nginx_start", str(config), program("nginx")]
    with subprocess.Popen(  # noqa: ASYNC220 - it only starts it
        [*start, f"{address}:{_PORT}"], cwd=REPOSITORY
    ) as master:
        try:
            pids = await eventually(partial(_children, master.pid))
        finally:
            master.kill()
    try:
        yield pids
    finally:
        end_processes(pids, timeout_s=5)


def _children(master_pid: int) -> set[int]:
    """Return an nginx's worker, cache manager and cache loader once they have their titles."""
    children = Path(f"/proc/{master_pid}/task/{master_pid}/children").read_text(encoding="ascii")
    titles = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children.split()}
    assert len(titles) == 3
    assert all(title.startswith((b"nginx: worker", b"nginx: cache")) for title in titles.values())
    return set(titles)


@pytest.mark.data
async def test_the_children_of_a_killed_nginx_are_ended_by_their_own_suite_alone(
    tmp_path: Path,
) -> None:
    ours, theirs = RunFolder(tmp_path / "ours"), RunFolder(tmp_path / "theirs")
    place, their_place = "127.31.0.3", "127.31.0.4"
    for folder in (ours, theirs):
        (folder.etc / "nginx").mkdir(parents=True)
    async with (
        _orphaned_nginx(ours.etc / "nginx", place) as own,
        _orphaned_nginx(theirs.etc / "nginx", their_place) as others,
    ):
        # A deleted folder of configurations changes nothing.
        shutil.rmtree(ours.etc)
        # A cache manager closes its listening sockets, so the address alone does not tell.
        assert leftover_pids(ours, [(place, _PORT)]) == own
        assert end_leftovers(ours, [(place, _PORT)], timeout_s=5) == set()
        assert {pid for pid in others if is_alive(pid)} == others
        assert leftover_pids(theirs, [(their_place, _PORT)]) == others
