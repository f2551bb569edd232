"""The samples of filters, drawn once per process."""

import asyncio

from services.upload.domain.filter_samples import FilterSample, draw_samples


class DrawnSamples:
    """Drawn in a thread; whoever asks meanwhile waits for the same."""

    def __init__(self) -> None:
        self._drawing: asyncio.Task[list[FilterSample]] | None = None

    def begin(self) -> asyncio.Task[list[FilterSample]]:
        """Draw, unless that is under way or done."""
        if self._drawing is None:
            self._drawing = asyncio.create_task(asyncio.to_thread(draw_samples))
        return self._drawing

    async def all(self) -> list[FilterSample]:
        """That of no filter first."""
        # Who gives up must not take the drawing from the others.
        return await asyncio.shield(self.begin())
