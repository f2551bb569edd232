"""The warm parent: takes requests in sequence and forks a child for each."""

import gc
import os
import resource
import select
import signal
import socket
import struct
import time
from dataclasses import dataclass, replace

from services.upload.decoder import limits
from services.upload.decoder.child import run_child
from services.upload.decoder.containment import ChildWalls, contain_decoder
from services.upload.decoder.pixels import prepare_codecs
from services.upload.decoder.wire import (
    REPLY_BYTES,
    Outcome,
    Reply,
    Request,
    receive_request,
    send_ready,
)


@dataclass(frozen=True)
class _Ending:
    """How a child ended: wait status, resource usage, and whether it had to be killed."""

    status: int
    usage: resource.struct_rusage
    stalled: bool

    @property
    def cpu_seconds(self) -> float:
        """Processor time in seconds, including the kernel's share."""
        return self.usage.ru_utime + self.usage.ru_stime


def serve(control: socket.socket) -> None:
    """Serve the worker at the other end of `control` until that end closes."""
    prepare_codecs()
    walls, standing = contain_decoder()
    # Children share the parent's pages until they are written; the collector would write to all.
    gc.collect()
    gc.freeze()
    gc.disable()
    send_ready(control, standing)
    while (received := receive_request(control)) is not None:
        request, source, decoded = received
        try:
            reply = _decode_in_child(control, request, (source, decoded), walls)
        finally:
            os.close(source)
            os.close(decoded)
        control.send(reply.pack())


def _decode_in_child(
    control: socket.socket, request: Request, files: tuple[int, int], walls: ChildWalls
) -> Reply:
    answer_end, child_end = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(answer_end)
        run_child(request, *files, child_end, walls)
    os.close(child_end)
    try:
        ending = _wait_for(child, control, limits.wall_seconds(request.cpu_seconds_max))
        # Read only now: a running child could answer and then change the pixels.
        record = os.read(answer_end, REPLY_BYTES + 1)
    finally:
        os.close(answer_end)
    return replace(
        _judge(ending, record, request.cpu_seconds_max),
        cpu_ms=round(ending.cpu_seconds * 1000),
        wall_ms=round((time.monotonic() - started) * 1000),
        memory_kib=ending.usage.ru_maxrss,
    )


def _wait_for(child: int, control: socket.socket, wall_seconds: float) -> _Ending:
    handle = os.pidfd_open(child)
    try:
        # The worker sends nothing while it waits: an event on `control` means that it is gone or
        # cancels.
        watched = [handle, control.fileno()]
        stirring, _, _ = select.select(watched, [], [], wall_seconds)
        ended = handle in stirring
        if not ended:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)
    finally:
        os.close(handle)
    return _Ending(status, usage, stalled=not ended)


def _judge(ending: _Ending, record: bytes, cpu_seconds_max: int) -> Reply:
    """The child's reply if it ended well, else the outcome that its end implies."""
    if ending.stalled:
        return Reply(Outcome.STALLED)
    if ending.status == 0:
        try:
            return Reply.unpack(record)
        except (struct.error, ValueError):
            return Reply(Outcome.DAMAGED)
    signal_number = os.WTERMSIG(ending.status) if os.WIFSIGNALED(ending.status) else 0
    if signal_number == signal.SIGXCPU or ending.cpu_seconds >= cpu_seconds_max:
        return Reply(Outcome.OUT_OF_CPU)
    # The kernel killed it for lack of memory.
    return Reply(Outcome.TOO_COSTLY if signal_number == signal.SIGKILL else Outcome.DAMAGED)
