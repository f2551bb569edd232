"""Processes left by an earlier run are found by their mark; no other process is touched."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.control.leftovers import (
    end_leftovers,
    end_processes,
    is_alive,
    leftover_pids,
)
from infra.run_folder import MARK, RunFolder


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
