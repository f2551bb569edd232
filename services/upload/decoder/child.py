"""The life of a forked child, which decodes one picture."""

import mmap
import os
from typing import NoReturn

from services.upload.decoder.containment import ChildWalls, contain_child
from services.upload.decoder.pixels import Refused, decode
from services.upload.decoder.shared_pixels import map_writable
from services.upload.decoder.wire import Outcome, PictureFormat, Reply, Request

_WITH_THREADS = {PictureFormat.HEIF}


def run_child(
    request: Request, source: int, decoded: int, answer: int, walls: ChildWalls
) -> NoReturn:
    """Decode, write one record to `answer` and exit; an exception ends it without an answer."""
    code = 1
    try:
        source_bytes = mmap.mmap(source, request.source_bytes, prot=mmap.PROT_READ)
        _close_all_but(decoded, answer, walls.ruleset)
        contain_child(
            walls,
            with_threads=request.picture_format in _WITH_THREADS,
            cpu_seconds_max=request.cpu_seconds_max,
        )
        os.write(answer, _reply_to(request, source_bytes, decoded).pack())
        code = 0
    finally:
        # Never return into the parent's loop or run its exit handlers.
        os._exit(code)


def _close_all_but(*kept: int | None) -> None:
    first = 0
    for descriptor in sorted(number for number in kept if number is not None):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def _reply_to(request: Request, source: mmap.mmap, decoded: int) -> Reply:
    def room(size: int) -> memoryview:
        if size > request.decoded_bytes_max:
            raise Refused(Outcome.TOO_MANY_PIXELS)
        return map_writable(decoded, size)

    try:
        return decode(source, request.picture_format, request.side_pixels_min, room)  # type: ignore[arg-type]
    except Refused as refused:
        return Reply(refused.outcome, *refused.size)
    except MemoryError:
        return Reply(Outcome.TOO_COSTLY)
