"""Objects are flushed by name, also while the store replaces them."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.upload.store import unflushed_folder
from services.upload.store.unflushed_folder import UnflushedFolder

KEY = "renditions/1/large.jpg"


@pytest.fixture
def replaced_without_end(tmp_path: Path) -> Iterator[Path]:
    """A bucket in which an object is replaced as the embedded store does it, again and again."""
    file = tmp_path / KEY
    file.parent.mkdir(parents=True)
    file.write_bytes(b"first")
    is_over = threading.Event()
    fresh = file.with_name("fresh")

    def replace() -> None:
        while not is_over.is_set():
            fresh.write_bytes(b"again")
            began_s = time.monotonic()
            file.unlink()
            os.sched_yield()
            fresh.rename(file)
            # As long as it was away, on a disk of any speed.
            is_over.wait(time.monotonic() - began_s)

    replacing = threading.Thread(target=replace)
    replacing.start()
    yield tmp_path
    is_over.set()
    replacing.join()


async def test_an_object_may_be_replaced_while_it_is_flushed(replaced_without_end: Path) -> None:
    folder = UnflushedFolder(replaced_without_end)
    await asyncio.gather(*(folder.flush([KEY]) for _ in range(500)))


async def test_an_object_that_stays_missing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unflushed_folder, "_NAMELESS_S_MAX", 0.05)
    with pytest.raises(FileNotFoundError):
        await UnflushedFolder(tmp_path).flush([KEY])
