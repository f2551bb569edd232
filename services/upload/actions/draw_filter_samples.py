"""The samples of filters, drawn once per process."""

import asyncio

from services.upload.domain.filter_samples import FilterSample, draw_samples


class DrawnSamples:
    """Draws in a thread; concurrent callers await the same drawing."""

    def __init__(self) -> None:
        self._drawing: asyncio.Task[list[FilterSample]] | None = None

    def begin(self) -> asyncio.Task[list[FilterSample]]:
        """Start drawing, unless it is running or done."""
        if self._drawing is None:
            self._drawing = asyncio.create_task(asyncio.to_thread(draw_samples))
        return self._drawing

    async def all(self) -> list[FilterSample]:
        """All samples; the one without a filter comes first."""
        # A cancelled caller must not cancel the drawing for the others.
        return await asyncio.shield(self.begin())
