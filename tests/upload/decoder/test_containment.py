"""Besides computing, the contained child can do nothing."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.accounts import account_for
from infra.run_folder import REPOSITORY, open_to_others
from services.upload.clients.memory_files import MemoryFile
from services.upload.decoder import limits
from services.upload.decoder.wire import (
    REPLY_BYTES,
    Containment,
    Outcome,
    PictureFormat,
    Reply,
    Request,
    receive_ready,
    send_request,
)


class Hostile:
    """A decoder whose pictures name an attempt."""

    def __init__(self, control: socket.socket, pid: int) -> None:
        self._control = control
        self._pid = pid
        self.containment = receive_ready(control)

    def status(self) -> str:
        """What the kernel says of the warm parent."""
        return Path(f"/proc/{self._pid}/status").read_text(encoding="utf-8")

    def tries_to(self, attempt: str) -> tuple[Reply, str]:
        """The reply, and what the child reported about its attempt."""
        with MemoryFile("source") as source, MemoryFile("decoded") as decoded:
            source.append(attempt.encode())
            source.seal_content()
            decoded.reserve(limits.DECODED_BYTES_MAX)
            request = Request(PictureFormat.JPEG, source.size, 1080, limits.DECODED_BYTES_MAX, 1)
            send_request(self._control, request, source.descriptor, decoded.descriptor)
            reply = Reply.unpack(self._control.recv(REPLY_BYTES))
            with decoded.map_readable(4096) as said:
                return reply, said[: reply.width].decode()


def _switch_words(account: str) -> list[str]:
    """The words that start a program as the account that root gives to the worker."""
    if account == "our own":
        return []
    if os.geteuid() != 0:
        pytest.skip("only root can act as another account")
    if not open_to_others(REPOSITORY):
        pytest.skip("other accounts cannot read this checkout")
    return account_for(account).switch_words()


@pytest.fixture(scope="module")
def hostile(decoder_python: str) -> Iterator[Hostile]:
    with _started(decoder_python, "our own") as started:
        yield started


@pytest.fixture(scope="module", params=["our own", "upload-worker"])
def as_either(decoder_python: str, request: pytest.FixtureRequest) -> Iterator[Hostile]:
    with _started(decoder_python, request.param) as started:
        yield started


@contextmanager
def _started(decoder_python: str, account: str) -> Iterator[Hostile]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [
                *_switch_words(account),
                decoder_python,
                "-m",
                "tests.upload.decoder.hostile_decoder",
                str(theirs.fileno()),
                "4",
            ],
            cwd=REPOSITORY,
            env={},
            pass_fds=[theirs.fileno()],
        )
    with ours:
        ours.settimeout(20)
        yield Hostile(ours, process.pid)
    assert process.wait(10) == 0


def test_a_decoder_has_no_capabilities(as_either: Hostile) -> None:
    assert re.search(r"^CapPrm:\t0+$", as_either.status(), re.MULTILINE)


def test_every_wall_that_this_kernel_has_is_up(as_either: Hostile) -> None:
    needed = Containment.RESOURCE_LIMITS | Containment.NO_NEW_PRIVILEGES | Containment.SECCOMP
    assert as_either.containment & needed == needed


@pytest.mark.parametrize(
    "attempt",
    [
        "read a file",
        "read the environment of its parent",
        "write a file",
        "look at a folder",
        "open a socket",
        "open a socket of its own machine",
        "listen",
        "send a datagram",
        "run a program",
        "fork",
        "kill its parent",
        "look into its parent",
        "become root",
        "make memory executable",
        "raise its limits",
    ],
)
def test_the_child_is_denied_to(as_either: Hostile, attempt: str) -> None:
    reply, said = as_either.tries_to(attempt)
    assert reply.outcome is Outcome.DECODED
    assert "Error(1, " in said or "Error(24, " in said, said  # EPERM, EMFILE


def test_the_child_cannot_make_a_thread(hostile: Hostile) -> None:
    assert "can't start new thread" in hostile.tries_to("make a thread")[1]


@pytest.mark.parametrize(
    ("attempt", "outcomes"),
    [
        # On a busy machine the clock may end it first.
        ("spin", {Outcome.OUT_OF_CPU, Outcome.STALLED}),
        ("eat memory", {Outcome.TOO_COSTLY}),
        ("sleep", {Outcome.STALLED}),
        ("crash", {Outcome.DAMAGED}),
        ("end well without an answer", {Outcome.DAMAGED}),
    ],
)
def test_a_misbehaving_child_is_ended(
    hostile: Hostile, attempt: str, outcomes: set[Outcome]
) -> None:
    assert hostile.tries_to(attempt)[0].outcome in outcomes


def test_the_next_picture_is_decoded_as_if_nothing_had_happened(hostile: Hostile) -> None:
    hostile.tries_to("crash")
    assert hostile.tries_to("read a file")[0].outcome is Outcome.DECODED
