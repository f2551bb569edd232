"""A fence kills the server of a Patroni that no longer keeps it in order, and no other process."""

import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.certificates import Authority
from infra.failover.fence import Fence, Patience, kill_server
from infra.run_folder import REPOSITORY
from tests.eventually import eventually

_PATIENCE = Patience(silence_s=5.0, blindness_s=10.0, loop_s=1.0)
_NOW = 1_000.0
_CLOCK = 1_700_000_000.0
# A server with a child, which both work in the data folder.
_SERVER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
child.wait()
"""


class Server:
    """A process that stands in for Postgres: only its folder and its number count."""

    def __init__(self, folder: Path, state: str = "ready") -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVER], cwd=folder, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.child = int(self.process.stdout.readline())
        self.write_lock(self.process.pid, state)

    def write_lock(self, pid: int, state: str) -> None:
        lines = [str(pid), str(self.folder), "1", "5432", "", "127.0.0.1", "1 2", state.ljust(8)]
        (self.folder / "postmaster.pid").write_text("\n".join(lines) + "\n", encoding="ascii")

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    @property
    def child_runs(self) -> bool:
        try:
            stat = Path(f"/proc/{self.child}/stat").read_text(encoding="utf-8")
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    def end(self) -> None:
        kill_server(self.folder)
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.write_lock(server.process.pid, "ready")
    server.end()


class Patroni:
    """What a Patroni would answer; `said` is None while it is silent."""

    def __init__(self) -> None:
        self.said: dict[str, Any] | None = {"role": "primary", "dcs_last_seen": _CLOCK}
        self.liveness = 200

    def ask(self, path: str) -> tuple[int, Mapping[str, Any]]:
        if self.said is None:
            raise TimeoutError
        return (self.liveness, {}) if path == "/liveness" else (200, self.said)


def _watched(server: Server) -> tuple[Fence, Patroni]:
    patroni = Patroni()
    return Fence(server.folder, _PATIENCE, patroni.ask), patroni


async def test_a_server_whose_patroni_is_silent_is_killed_with_its_children(
    server: Server,
) -> None:
    fence, patroni = _watched(server)
    fence.look(_NOW, _CLOCK)
    patroni.said = None
    assert fence.look(_NOW + 5.0, _CLOCK) == ""
    assert server.runs
    assert "silent" in fence.look(_NOW + 5.1, _CLOCK)
    server.process.wait(timeout=5)

    def is_gone() -> None:
        assert not server.child_runs

    await eventually(is_gone)
    # Patroni starts the server again, and nothing is killed before it has answered again.
    assert fence.look(_NOW + 60, _CLOCK) == ""


def test_a_fence_looks_more_often_while_an_answer_is_missing(server: Server) -> None:
    fence, patroni = _watched(server)
    fence.look(_NOW, _CLOCK)
    pause_s = fence.pause_s
    patroni.said = None
    fence.look(_NOW + 3, _CLOCK)
    assert fence.pause_s < pause_s
    patroni.said = {}
    fence.look(_NOW + 4, _CLOCK)
    assert fence.pause_s == pause_s


def test_a_patroni_whose_loop_stands_still_counts_as_silent(server: Server) -> None:
    fence, patroni = _watched(server)
    fence.look(_NOW, _CLOCK)
    patroni.liveness = 503
    assert "silent" in fence.look(_NOW + 6, _CLOCK)


def test_a_patroni_that_has_not_answered_yet_is_given_time(server: Server, tmp_path: Path) -> None:
    fence, patroni = _watched(server)
    patroni.said = None
    lock = tmp_path / "postmaster.pid"
    text = lock.read_text(encoding="ascii")
    lock.unlink()
    assert fence.look(_NOW, _CLOCK) == ""
    # The server began after the fence, so that nobody can have promoted it before.
    lock.write_text(text, encoding="ascii")
    assert fence.look(_NOW + 600, _CLOCK) == ""
    assert server.runs


def test_a_fence_that_begins_late_fences_a_server_whose_patroni_is_frozen(server: Server) -> None:
    fence, patroni = _watched(server)
    patroni.said = None
    assert fence.look(_NOW, _CLOCK) == ""
    assert fence.look(_NOW + 15, _CLOCK) == ""
    assert "silent" in fence.look(_NOW + 15.1, _CLOCK)
    server.process.wait(timeout=5)


@pytest.mark.parametrize("seen", ["soon", None, [], {}])
def test_an_answer_without_sense_ends_nothing(server: Server, seen: object) -> None:
    fence, patroni = _watched(server)
    patroni.said = {"role": "primary", "dcs_last_seen": seen}
    for _time in range(2):
        assert [fence.look(_NOW + second, _CLOCK) for second in range(2)] == ["", ""]
    assert server.runs


@pytest.mark.parametrize(
    ("said", "is_killed"),
    [
        ({"role": "primary", "dcs_last_seen": _CLOCK - 11}, True),
        ({"role": "primary", "dcs_last_seen": _CLOCK - 9}, False),
        ({"role": "replica", "dcs_last_seen": _CLOCK - 600}, False),
        ({"role": "primary"}, False),
        (
            {"role": "primary", "dcs_last_seen": _CLOCK - 600, "failsafe_mode_is_active": True},
            False,
        ),
    ],
)
def test_a_primary_without_etcd_ends_unless_the_members_agreed(
    server: Server, said: dict[str, Any], is_killed: bool
) -> None:
    fence, patroni = _watched(server)
    patroni.said = said
    # Not every look asks for the status.
    reasons = [fence.look(_NOW + second, _CLOCK) for second in range(4)]
    assert any("etcd" in reason for reason in reasons) == is_killed
    if is_killed:
        server.process.wait(timeout=5)
    assert server.runs != is_killed


@pytest.mark.parametrize("step_s", [11, 3_600, 10 * 365 * 86_400])
@pytest.mark.parametrize("stepped_at", range(4))
def test_a_step_of_the_clock_ends_no_primary(server: Server, step_s: int, stepped_at: int) -> None:
    fence, patroni = _watched(server)
    told_s = 0.0
    now_s = 0.0
    for look in range(12):
        clock_s = _CLOCK + now_s + (step_s if look >= stepped_at else 0)
        # Patroni has not asked etcd since the step, until its next loop.
        if look != stepped_at:
            told_s = clock_s - _PATIENCE.loop_s
        patroni.said = {"role": "primary", "dcs_last_seen": told_s or _CLOCK}
        assert fence.look(_NOW + now_s, clock_s) == ""
        now_s += fence.pause_s
    assert server.runs


def test_a_primary_that_looks_blind_is_looked_at_soon_and_often(server: Server) -> None:
    fence, patroni = _watched(server)
    patroni.said = {"role": "primary", "dcs_last_seen": _CLOCK - 11}
    calm_s = fence.pause_s
    looked_s = 0.0
    while not fence.look(_NOW + looked_s, _CLOCK + looked_s):
        looked_s += fence.pause_s
    # The second look asks for the status, and from then on each does.
    assert looked_s == calm_s + _PATIENCE.doubt_s
    assert fence.pause_s == calm_s
    server.process.wait(timeout=5)


def test_a_server_that_is_stopping_ends_by_itself(server: Server) -> None:
    server.write_lock(server.process.pid, "stopping")
    assert not kill_server(server.folder)
    assert server.runs


def test_a_process_that_works_elsewhere_is_never_killed(server: Server, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    lock = (tmp_path / "postmaster.pid").read_text(encoding="ascii")
    (elsewhere / "postmaster.pid").write_text(lock, encoding="ascii")
    assert not kill_server(elsewhere)
    assert not kill_server(tmp_path / "nothing")
    assert server.runs


class _Answer(BaseHTTPRequestHandler):
    answers = threading.Event()

    def do_GET(self) -> None:
        if not self.answers.is_set():
            return  # The connection closes without an answer.
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_words: object) -> None:
        return


def test_the_process_asks_over_tls_and_kills(server: Server, tmp_path: Path) -> None:
    pair = Authority(tmp_path / "pki").server_pair("patroni", ("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    web = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    web.socket = context.wrap_socket(web.socket, server_side=True)
    asked = threading.Thread(target=web.serve_forever, daemon=True)
    _Answer.answers.set()
    asked.start()
    command = [
        *(sys.executable, "-P", str(REPOSITORY / "infra/failover/fence.py")),
        *("1", "600", "1", str(tmp_path / "pki" / "ca.crt")),
        # One that never answers delays no other.
        *(f"192.0.2.1:1={tmp_path}", f"127.0.0.1:{web.server_port}={server.folder}"),
    ]
    fence = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert fence.stdout is not None
        with pytest.raises(subprocess.TimeoutExpired):
            fence.wait(timeout=2)
        assert server.runs
        _Answer.answers.clear()
        assert "postgres_fenced" in fence.stdout.readline()
        server.process.wait(timeout=5)
    finally:
        fence.kill()
        fence.communicate()
        web.shutdown()
        web.server_close()
