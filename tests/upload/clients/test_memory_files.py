"""Shared memory: a process never sees what another one wrote before."""

import mmap
import os

from services.upload.clients.memory_files import ReusedMemory

_SIZE, _KEPT = 1 << 20, 1 << 18


def written_all_over(memory: ReusedMemory) -> mmap.mmap:
    """Write everywhere, like a process that ignores its limits."""
    everything = mmap.mmap(memory.descriptor, _SIZE)
    everything[:] = b"\x2a" * _SIZE
    return everything


def held_bytes(memory: ReusedMemory) -> int:
    """How much of the machine's memory it occupies."""
    return os.fstat(memory.descriptor).st_blocks * 512


def test_wiped_memory_is_zero_wherever_it_was_written() -> None:
    for given in (0, 1, 5000, _KEPT, _KEPT + 5000, _SIZE):
        memory = ReusedMemory("pixels", _SIZE, _KEPT)
        everything = written_all_over(memory)
        assert set(memory.given(given)) <= {0x2A}
        memory.wipe()
        assert everything[:] == bytes(_SIZE)
        memory.close()


def test_given_memory_stays_allocated_up_to_the_limit() -> None:
    memory = ReusedMemory("pixels", _SIZE, _KEPT)
    for given, held in ((0, 0), (8192, 8192), (_SIZE, _KEPT)):
        written_all_over(memory).close()
        memory.given(given)
        memory.wipe()
        assert held_bytes(memory) == held
    memory.close()


def test_unused_memory_occupies_no_pages() -> None:
    memory = ReusedMemory("pixels", _SIZE, _KEPT)
    memory.wipe()
    assert held_bytes(memory) == 0
    memory.close()


def test_readers_of_given_memory_cannot_change_it() -> None:
    memory = ReusedMemory("pixels", _SIZE, _KEPT)
    assert memory.given(100).readonly
    memory.close()
