"""A store is replaced behind its socket: nobody is refused, and a new certificate is shown."""

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.certificates import Authority
from infra.programs import program
from infra.run_folder import REPOSITORY
from tests.eventually import eventually

ADDRESS, PORT = "127.22.6.4", 9000
OBJECT = b"an object" * 10_000


@dataclass
class RunningStore:
    """The process, its authority, and the store's folder."""

    folder: Path
    authority: Authority
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        pair = self.authority.server_pair("store", (ADDRESS,))
        rclone = (program("rclone"), "serve", "s3", f"--cert={pair.certificate}")
        more = (f"--key={pair.key}", "--vfs-cache-mode=off", "--config=", str(self.folder))
        module = (sys.executable, "-m", "infra.control.store_start", f"{ADDRESS}:{PORT}")
        self.process = subprocess.Popen((*module, *rclone, *more), cwd=REPOSITORY)

    def get(self) -> tuple[int, bytes]:
        tls = ssl.create_default_context(cafile=self.authority.certificate_file)
        # A connection of http.client would leave its socket open if the handshake failed.
        with (
            socket.create_connection((ADDRESS, PORT), timeout=10) as plain,
            tls.wrap_socket(plain, server_hostname=ADDRESS) as secure,
        ):
            secure.sendall(f"GET /bucket/object HTTP/1.0\r\nHost: {ADDRESS}\r\n\r\n".encode())
            with closing(http.client.HTTPResponse(secure)) as reply:
                reply.begin()
                return reply.status, reply.read()

    def get_as_clients_do(self) -> tuple[int, bytes]:
        """Try once more if the store closes the connection instead of answering."""
        try:
            return self.get()
        except ConnectionResetError:  # RemoteDisconnected too
            return self.get()

    async def answers(self) -> None:
        def it_answers() -> None:
            try:
                assert self.get() == (200, OBJECT)
            except OSError as error:
                raise AssertionError from error

        await eventually(it_answers)

    def child(self) -> int:
        pid = self.process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii"))

    def shown(self) -> str:
        return ssl.get_server_certificate((ADDRESS, PORT))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunningStore]:
    (tmp_path / "data" / "bucket").mkdir(parents=True)
    (tmp_path / "data" / "bucket" / "object").write_bytes(OBJECT)
    running = RunningStore(tmp_path / "data", Authority(tmp_path / "pki"))
    running.start()
    yield running
    running.process.terminate()
    running.process.wait(20)


async def test_nobody_is_refused_while_the_store_is_replaced(store: RunningStore) -> None:
    await store.answers()
    before = store.shown()
    store.authority.renew(store.authority.server_pair("store", (ADDRESS,)))
    replies: list[tuple[int, bytes]] = []
    is_replaced = threading.Event()

    def ask_on() -> None:
        while not is_replaced.is_set():
            replies.append(store.get_as_clients_do())

    asking = threading.Thread(target=ask_on)
    asking.start()

    def another_certificate_is_shown() -> None:
        assert store.shown() != before

    try:
        store.process.send_signal(signal.SIGHUP)
        await eventually(another_certificate_is_shown)
    finally:
        is_replaced.set()
        asking.join()
    assert replies
    assert set(replies) == {(200, OBJECT)}


async def test_a_killed_process_leaves_no_store_behind(store: RunningStore) -> None:
    await store.answers()
    store.process.kill()
    store.process.wait()
    # The supervisor does not wait either.
    store.start()
    await store.answers()


async def test_a_store_that_ends_by_itself_ends_the_process(store: RunningStore) -> None:
    await store.answers()
    os.kill(store.child(), signal.SIGKILL)
    assert store.process.wait(10) != 0
