"""One contained decoder process and its blocking calls, which belong in a thread."""

import contextlib
import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from services.upload.clients.memory_files import MemoryFile, ReusedMemory
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
from services.upload.domain.decoding_budget import BudgetSpent, CpuBudget
from services.upload.domain.picture_faults import PictureFault, PictureRefused
from shared.errors import Unavailable

_ROOT = Path(__file__).resolve().parents[3]
# Importing the codecs takes tenths of a second; a cold, busy disk takes longer.
_START_SECONDS_MAX = 30.0
# The decoder stops a child at its wall limit; after that the decoder itself hangs.
_REPLY_SECONDS_MORE = 5.0
_END_SECONDS_MAX = 5.0
# The decoder's whole environment. Large blocks come in huge pages and are reused, which avoids page
# faults: a quarter of the processor time of pictures not decoded in place.
_ENVIRONMENT = {
    "GLIBC_TUNABLES": (
        "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432"
        ":glibc.malloc.trim_threshold=536870912"
    )
}
_FAULTS = {
    Outcome.NOT_A_PICTURE: PictureFault.NOT_A_PICTURE,
    Outcome.DAMAGED: PictureFault.DAMAGED,
    Outcome.TOO_MANY_PIXELS: PictureFault.TOO_MANY_PIXELS,
    Outcome.TOO_LONG_A_SIDE: PictureFault.TOO_LONG_A_SIDE,
    Outcome.TOO_COSTLY: PictureFault.TOO_COSTLY,
}


class DecoderUnavailable(Unavailable):
    """The decoder died or was stopped, which says nothing about the picture: a retry may work."""

    code = "decoder_unavailable"
    title = "The picture decoder does not answer."


class DecoderStalled(DecoderUnavailable):
    """The child reached its wall limit before using up its budget."""

    title = "The picture decoder hung, or got no processor time."


@dataclass(frozen=True)
class DecodedPicture:
    """Pixels as the child left them: RGBX rows in stored order, `orientation` not applied.

    `upright_width` and `upright_height` are the size of the whole picture as people see it.
    `pixels` is shared memory, which is wiped for the decoder's next picture.
    """

    upright_width: int
    upright_height: int
    width: int
    height: int
    orientation: int
    pixels: memoryview
    cpu_ms: int
    memory_kib: int


class Decoder:
    """A warm decoder: started on first use and after it died; one call at a time."""

    def __init__(self, python: str) -> None:
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._decoded: ReusedMemory | None = None
        self._is_called_off = False
        self.containment = Containment(0)

    @property
    def process_id(self) -> int:
        """The warm parent's process id; 0 if there is none."""
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process with a minimal environment and no descriptor except its socket."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        self._is_called_off = False
        ours.settimeout(_START_SECONDS_MAX)
        try:
            self._launch(theirs)
            self.containment = receive_ready(ours)
        except (OSError, EOFError) as error:
            self.stop()
            raise DecoderUnavailable(f"The picture decoder did not start: {error}") from error
        self._refuse_without_walls()

    def decode(
        self,
        source: MemoryFile,
        picture_format: PictureFormat,
        side_pixels_min: int,
        budget: CpuBudget,
    ) -> DecodedPicture:
        """Decode a sealed source, and record in the budget what it used.

        Raises PictureRefused for a bad picture, BudgetSpent if it needs more, and
        DecoderUnavailable for our own faults.
        """
        if self._control is None:
            self.start()
        decoded = self._wiped_memory()
        budget.spent_ms = None
        request = Request(
            picture_format,
            source.size,
            side_pixels_min,
            limits.DECODED_BYTES_MAX,
            budget.seconds,
        )
        reply = self._ask(request, source, decoded)
        if reply.outcome is not Outcome.STALLED or self._is_called_off:
            # A picture that hung blocked the decoder all the time, so its whole budget counts as
            # used.
            budget.spent_ms = reply.cpu_ms
        if self._is_called_off:
            self.stop()
            raise DecoderUnavailable("The picture was cancelled.")
        _raise_unless_decoded(reply)
        pixels = decoded.given(_checked_size(reply))
        return DecodedPicture(
            reply.width,
            reply.height,
            reply.decoded_width,
            reply.decoded_height,
            reply.orientation,
            pixels,
            reply.cpu_ms,
            reply.memory_kib,
        )

    def call_off(self) -> None:
        """Cancel the current picture from another thread; its `decode` raises DecoderUnavailable.

        The decoder reads the closed half of the socket as the end, and still reports what was used.
        """
        self._is_called_off = True
        control = self._control
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_WR)

    def stop(self) -> None:
        """End the process, and with it a child that is still working."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait(_END_SECONDS_MAX)
            self._process = None
        if self._decoded is not None:
            # Its child is about to end, but may still write.
            self._decoded.close()
            self._decoded = None

    def _wiped_memory(self) -> ReusedMemory:
        if self._decoded is None:
            self._decoded = ReusedMemory("pixels", limits.DECODED_BYTES_MAX, limits.WARM_BYTES_MAX)
        else:
            self._decoded.wipe()
        return self._decoded

    def _launch(self, theirs: socket.socket) -> None:
        with theirs:
            self._process = subprocess.Popen(
                [self._python, "-s", "-m", "services.upload.decoder", str(theirs.fileno())],
                cwd=_ROOT,
                env=_ENVIRONMENT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def _ask(self, request: Request, source: MemoryFile, decoded: ReusedMemory) -> Reply:
        assert self._control is not None  # noqa: S101 - decode() started it
        self._control.settimeout(limits.wall_seconds(request.cpu_seconds_max) + _REPLY_SECONDS_MORE)
        try:
            send_request(self._control, request, source.descriptor, decoded.descriptor)
            return Reply.unpack(self._control.recv(REPLY_BYTES))
        except (OSError, struct.error, ValueError) as error:
            # Out of step or dead: the next picture starts a new decoder.
            self.stop()
            raise DecoderUnavailable from error

    def _refuse_without_walls(self) -> None:
        if not self.containment & (Containment.LANDLOCK | Containment.SECCOMP):
            self.stop()
            raise DecoderUnavailable(
                "This kernel has neither seccomp nor Landlock: pictures cannot be decoded safely."
            )


def _raise_unless_decoded(reply: Reply) -> None:
    if reply.outcome is Outcome.STALLED:
        raise DecoderStalled
    if reply.outcome is Outcome.OUT_OF_CPU:
        raise BudgetSpent
    if reply.outcome is not Outcome.DECODED:
        raise PictureRefused(_FAULTS[reply.outcome], _sentence_with_figures(reply))


def _sentence_with_figures(reply: Reply) -> str | None:
    if not reply.width or not reply.height:
        return None
    if reply.outcome is Outcome.TOO_MANY_PIXELS:
        size = f"{reply.width:,} by {reply.height:,}"
        pixels = reply.width * reply.height
        return f"The picture has {pixels:,} pixels ({size}); at most {limits.PIXELS_MAX:,} fit."
    if reply.outcome is Outcome.TOO_LONG_A_SIDE:
        side = max(reply.width, reply.height)
        return (
            f"The picture is {side:,} pixels long on one side;"
            f" at most {limits.SIDE_PIXELS_MAX:,} fit."
        )
    return None


def _checked_size(reply: Reply) -> int:
    """The size of the pixels in bytes; the child is not trusted, so its numbers are checked."""
    sides = (reply.width, reply.height, reply.decoded_width, reply.decoded_height)
    pixels = reply.decoded_width * reply.decoded_height
    sound = (
        all(1 <= side <= limits.SIDE_PIXELS_MAX for side in sides)
        and pixels <= limits.PIXELS_MAX
        and reply.orientation in range(1, 9)
    )
    if not sound:
        raise PictureRefused(PictureFault.DAMAGED)
    return pixels * limits.BYTES_PER_PIXEL
