"""Threads that develop pictures: each has a contained decoder and draws by itself."""

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from services.upload.clients.decoder import DecodedPicture, Decoder, DecoderUnavailable
from services.upload.clients.memory_files import MemoryFile
from services.upload.decoder.wire import Containment, PictureFormat
from services.upload.domain.decoding_budget import CpuBudget
from services.upload.domain.edits import PLAIN, PhotoEdit
from services.upload.domain.picture_kinds import PictureKind
from services.upload.domain.rendition_sizes import DECODED_SIDE_MIN, Size
from services.upload.domain.renditions import (
    PLAIN_FORMATS,
    DecodedPixels,
    DrawnPhoto,
    RenditionFormat,
    draw_edit,
    draw_photo,
)


@dataclass(frozen=True, slots=True)
class Developed:
    """A drawn photo and its cost; the decoder's processor time is its child's."""

    drawn: DrawnPhoto
    decode_seconds: float
    draw_seconds: float
    decoder_cpu_ms: int


class Workshop:
    """One slot per processor; when all are taken, a caller waits.

    Drawing releases the interpreter lock, so threads use the processors nearly as well as
    processes.
    """

    def __init__(
        self,
        decoder_python: str,
        places: int,
        formats: Sequence[RenditionFormat] = PLAIN_FORMATS,
    ) -> None:
        self._formats = formats
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="workshop")
        # The decoder used last is the warmest.
        self._idle: queue.LifoQueue[Decoder] = queue.LifoQueue()
        self._decoders = [Decoder(decoder_python) for _ in range(places)]
        for decoder in self._decoders:
            self._idle.put(decoder)

    async def warm_up(self) -> Containment:
        """Start the decoders before the first picture, and return the walls common to all."""
        loop = asyncio.get_running_loop()
        starts = [loop.run_in_executor(self._threads, decoder.start) for decoder in self._decoders]
        await asyncio.gather(*starts)
        standing = self._decoders[0].containment
        for decoder in self._decoders:
            standing &= decoder.containment
        return standing

    async def develop(
        self, original: MemoryFile, kind: PictureKind, budget: CpuBudget, edit: PhotoEdit = PLAIN
    ) -> Developed:
        """Decode and draw; raises PictureRefused, BudgetSpent and DecoderUnavailable.

        With an edit, `original` is a rendition, which is upright. `original` must stay open until
        this returns. Cancelling stops the decoder and waits for the thread, which may be drawing.
        """
        loop = asyncio.get_running_loop()
        order = _Order(original, kind, budget, edit)
        work = loop.run_in_executor(self._threads, self._develop, order)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            order.call_off()
            # Retrieve the result: asyncio would log it as never retrieved.
            await asyncio.gather(work, return_exceptions=True)
            raise

    async def close(self) -> None:
        """Stop the decoders; another worker restarts the current pictures."""
        for decoder in self._decoders:
            await asyncio.to_thread(decoder.stop)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _develop(self, order: "_Order") -> Developed:
        # Hold the decoder until all is drawn: the pixels lie in its memory.
        with self._decoder() as decoder:
            started_s = time.perf_counter()
            decoded = order.decoded_by(decoder)
            decoded_s = time.perf_counter()
            drawn = _drawn(decoded, order.edit, self._formats)
        return Developed(
            drawn, decoded_s - started_s, time.perf_counter() - decoded_s, decoded.cpu_ms
        )

    @contextlib.contextmanager
    def _decoder(self) -> Iterator[Decoder]:
        decoder = self._idle.get()
        try:
            yield decoder
        finally:
            self._idle.put(decoder)


class _Order:
    """A picture to develop, which the event loop may cancel while a thread decodes it."""

    def __init__(
        self, original: MemoryFile, kind: PictureKind, budget: CpuBudget, edit: PhotoEdit
    ) -> None:
        self.edit = edit
        self._original = original
        self._format = PictureFormat[kind.name]
        self._budget = budget
        self._lock = threading.Lock()
        self._decoder: Decoder | None = None
        self._is_called_off = False

    def decoded_by(self, decoder: Decoder) -> DecodedPicture:
        """Decode it, in the thread; raises DecoderUnavailable if it was cancelled before."""
        with self._lock:
            if self._is_called_off:
                raise DecoderUnavailable("The picture was cancelled.")
            self._decoder = decoder
        try:
            return decoder.decode(self._original, self._format, DECODED_SIDE_MIN, self._budget)
        finally:
            with self._lock:
                self._decoder = None

    def call_off(self) -> None:
        """Cancel it as soon as possible."""
        with self._lock:
            self._is_called_off = True
            if self._decoder is not None:
                self._decoder.call_off()


def _drawn(
    decoded: DecodedPicture, edit: PhotoEdit, formats: Sequence[RenditionFormat]
) -> DrawnPhoto:
    pixels = DecodedPixels(
        decoded.width,
        decoded.height,
        decoded.orientation,
        Size(decoded.upright_width, decoded.upright_height),
        decoded.pixels,
    )
    if edit.is_plain:
        return draw_photo(pixels, formats)
    return draw_edit(pixels, edit, formats)
