"""A decoder whose pictures are commands: what an attacker with a codec's flaw could try."""

import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.upload.decoder import child, limits
from services.upload.decoder.warm_parent import serve
from services.upload.decoder.wire import Outcome, Reply

_PTRACE_ATTACH = 16
# With this beginning, text passes for a picture until it is decoded.
JPEG_BEGINNING = b"\xff\xd8\xff"


def _listen() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))


def _send_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", 53))


def _make_thread() -> None:
    threading.Thread(target=int).start()


def _trace_parent() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(_PTRACE_ATTACH, os.getppid(), None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def _execute_memory() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    everything = 0x1 | 0x2 | 0x4
    private_anonymous = 0x02 | 0x20
    if libc.mmap(None, 4096, everything, private_anonymous, -1, 0) in {None, 2**64 - 1}:
        raise OSError(ctypes.get_errno(), "mmap")


def _spin() -> None:
    while True:
        pass


def _take_1500_ms() -> None:
    while time.process_time() < 1.5:
        pass


def _sleep() -> None:
    threading.Event().wait()


def _eat_memory() -> None:
    hoard = [bytearray(1 << 24)]
    while True:
        hoard.append(bytearray(1 << 24))


ATTEMPTS: dict[str, Callable[[], Any]] = {
    "read a file": lambda: Path("/etc/hostname").read_text(),
    "read the environment of its parent": lambda: Path(f"/proc/{os.getppid()}/environ").read_text(),
    "write a file": lambda: Path("/tmp/escaped").write_text("x"),
    "look at a folder": lambda: list(Path("/").iterdir()),
    "open a socket": socket.socket,
    "open a socket of its own machine": lambda: socket.socket(socket.AF_UNIX),
    "listen": _listen,
    "send a datagram": _send_datagram,
    "run a program": lambda: os.execv("/bin/true", ["true"]),
    "fork": os.fork,
    "make a thread": _make_thread,
    "kill its parent": lambda: os.kill(os.getppid(), signal.SIGKILL),
    "look into its parent": _trace_parent,
    "become root": lambda: os.setuid(0),
    "make memory executable": _execute_memory,
    "raise its limits": lambda: os.nice(-5),
    "do nothing": lambda: None,
    "spin": _spin,
    "take 1.5 s": _take_1500_ms,
    "sleep": _sleep,
    "eat memory": _eat_memory,
    "crash": lambda: ctypes.string_at(0),
    "end well without an answer": lambda: os._exit(0),
}


def _obey(
    source: Any, picture_format: Any, side_pixels_min: int, room: Callable[[int], memoryview]
) -> Reply:
    said = source[:].removeprefix(JPEG_BEGINNING).decode()
    try:
        ATTEMPTS[said]()
    except MemoryError:
        raise
    except Exception as error:
        answer = repr(error).encode()
    else:
        answer = b"done"
    room(len(answer))[:] = answer
    return Reply(Outcome.DECODED, len(answer), 1, len(answer), 1)


if __name__ == "__main__":
    child.decode = _obey  # type: ignore[attr-defined]
    limits.WALL_SECONDS_PER_CPU_SECOND = float(sys.argv[2])
    with socket.socket(fileno=int(sys.argv[1])) as control_socket:
        serve(control_socket)
