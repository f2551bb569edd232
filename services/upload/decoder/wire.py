"""The messages between worker, decoder and child: records of fixed size."""

import array
import enum
import socket
import struct
from dataclasses import dataclass

# The input (received bytes) and the output (memory for pixels) travel as two memory files.
_DESCRIPTORS_PER_REQUEST = 2
_REQUEST = struct.Struct("<BIIQB")
_REPLY = struct.Struct("<BIIIIBIII")
_READY = struct.Struct("<H")


class PictureFormat(enum.IntEnum):
    """The formats of pictures; the child runs only the parser of the named one."""

    JPEG = 1
    PNG = 2
    WEBP = 3
    HEIF = 4
    AVIF = 5


class Outcome(enum.IntEnum):
    """How a request ended.

    OUT_OF_CPU: the budget was too small. STALLED: the child hung or was cancelled. All others
    except DECODED are the picture's fault.
    """

    DECODED = 0
    NOT_A_PICTURE = 1
    DAMAGED = 2
    TOO_MANY_PIXELS = 3
    TOO_LONG_A_SIDE = 4
    TOO_COSTLY = 5
    STALLED = 6
    OUT_OF_CPU = 7


class Containment(enum.IntFlag):
    """The walls that this machine allows around the children."""

    RESOURCE_LIMITS = 1
    NO_NEW_PRIVILEGES = 2
    OWN_NETWORK = 4
    NOBODY = 8
    LANDLOCK = 16
    SECCOMP = 32


@dataclass(frozen=True, slots=True)
class Request:
    """One picture to decode; its shorter side keeps `side_pixels_min` pixels if it has them.

    `cpu_seconds_max` is the processor time that its child may use.
    """

    picture_format: PictureFormat
    source_bytes: int
    side_pixels_min: int
    decoded_bytes_max: int
    cpu_seconds_max: int

    def pack(self) -> bytes:
        """The record to send."""
        return _REQUEST.pack(
            self.picture_format,
            self.source_bytes,
            self.side_pixels_min,
            self.decoded_bytes_max,
            self.cpu_seconds_max,
        )

    @classmethod
    def unpack(cls, record: bytes) -> "Request":
        """Parse a record; raises ValueError or struct.error if it is malformed."""
        picture_format, *numbers = _REQUEST.unpack(record)
        return cls(PictureFormat(picture_format), *numbers)


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome; for DECODED, `width` and `height` are the upright size of the whole picture.

    For TOO_MANY_PIXELS and TOO_LONG_A_SIDE they are its size as stored, or zero if unknown.

    `decoded_width` and `decoded_height` describe the returned pixels in stored order; `orientation`
    (1 to 8, as in EXIF) says how to turn them.
    """

    outcome: Outcome
    width: int = 0
    height: int = 0
    decoded_width: int = 0
    decoded_height: int = 0
    orientation: int = 1
    cpu_ms: int = 0
    wall_ms: int = 0
    memory_kib: int = 0

    def pack(self) -> bytes:
        """The record to send."""
        return _REPLY.pack(
            self.outcome,
            self.width,
            self.height,
            self.decoded_width,
            self.decoded_height,
            self.orientation,
            self.cpu_ms,
            self.wall_ms,
            self.memory_kib,
        )

    @classmethod
    def unpack(cls, record: bytes) -> "Reply":
        """Parse a record; raises ValueError or struct.error if it is malformed."""
        outcome, *numbers = _REPLY.unpack(record)
        return cls(Outcome(outcome), *numbers)


REPLY_BYTES = _REPLY.size


def send_ready(control: socket.socket, containment: Containment) -> None:
    """Send the decoder's first message: it is warm and has these walls."""
    control.send(_READY.pack(containment))


def receive_ready(control: socket.socket) -> Containment:
    """Receive what `send_ready` sent; raises EOFError if the decoder died."""
    record = control.recv(_READY.size)
    if not record:
        raise EOFError("the decoder ended before it was warm")
    return Containment(_READY.unpack(record)[0])


def send_request(control: socket.socket, request: Request, source: int, decoded: int) -> None:
    """Send the record together with the two descriptors."""
    descriptors = array.array("i", [source, decoded])
    control.sendmsg(
        [request.pack()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors.tobytes())]
    )


def receive_request(control: socket.socket) -> tuple[Request, int, int] | None:
    """The next request with its two descriptors, which the caller closes; None at the end."""
    record, descriptors, _, _ = socket.recv_fds(control, _REQUEST.size, _DESCRIPTORS_PER_REQUEST)
    if not record:
        return None
    source, decoded = descriptors
    return Request.unpack(record), source, decoded
