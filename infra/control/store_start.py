"""Runs a store behind a socket that stays open: SIGHUP replaces the store, and callers wait.

The store reads its certificate and its keys only when it starts. Without this process, callers
would be refused until its successor listens. A request that arrives as the store ends loses its
connection unanswered; every client of the store then tries once more.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

_FIRST_PASSED = 3  # the first descriptor that a service manager passes, by convention of systemd
_BACKLOG = 1024
# rclone lets requests under way finish for ten seconds.
_END_S = 15.0
# The store of a killed predecessor holds the address for a moment longer.
_FREE_WITHIN_S = 3.0
_POLL_S = 0.02
_SIGNALS = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}


def main(address: str, command: Sequence[str]) -> int:
    """Run the command until SIGTERM or until it ends by itself; returns the exit status."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    door = _listening(address)
    pid = _begin(door, command)
    while True:
        received = signal.sigwait(_SIGNALS)
        if received in {signal.SIGTERM, signal.SIGINT}:
            _end(pid)
            return 0
        if received == signal.SIGHUP:
            # One after the other: each knows only of the objects that it wrote itself or listed.
            _end(pid)
            pid = _begin(door, command)
        elif (status := _status_of(pid)) is not None:
            sys.stderr.write(f"The store ended by itself, with status {status}.\n")
            return status or 1


def _listening(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline_s = time.monotonic() + _FREE_WITHIN_S
    while True:
        try:
            door.bind((host, int(port)))
        except OSError as error:
            if time.monotonic() > deadline_s:
                sys.stderr.write(f"The store cannot listen on {address}: {error.strerror}.\n")
                raise SystemExit(1) from error
            time.sleep(_POLL_S)
        else:
            door.listen(_BACKLOG)
            return door


def _begin(door: socket.socket, command: Sequence[str]) -> int:
    pid = os.fork()
    if not pid:
        _become(door, command)
    return pid


def _become(door: socket.socket, command: Sequence[str]) -> NoReturn:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    if door.fileno() != _FIRST_PASSED:
        os.dup2(door.fileno(), _FIRST_PASSED)
    os.set_inheritable(_FIRST_PASSED, True)
    passed = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    # If the parent is killed, the store must not keep the address from its successor.
    words = ["setpriv", "--pdeathsig=KILL", *command]
    os.execvpe(words[0], words, {**os.environ, **passed})  # noqa: S606 - it is to become the store


def _end(pid: int) -> None:
    """Stop the store, and wait for its end. A second SIGTERM would cut off requests under way."""
    deadline_s = time.monotonic() + _END_S
    os.kill(pid, signal.SIGTERM)
    while _status_of(pid) is None:
        if time.monotonic() > deadline_s:
            os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_S)


def _status_of(pid: int) -> int | None:
    """Return the exit status of an ended store, 0 if it was collected before; else None."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if ended else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
