"""Mistakes in parts that have nothing to do with each other share one start of the suite."""

import asyncio
import contextlib
import copy
from collections.abc import Awaitable, Callable, Sequence

from tests.infra.mistakes.at_night import (
    a_folder_is_open_to_all,
    a_pid_file_names_a_stranger,
    a_shell_with_a_narrow_umask,
    a_shell_with_other_settings,
    logs_are_deleted_while_it_is_down,
    small_files_are_garbled,
    the_network_file_is_garbled,
)
from tests.infra.mistakes.interruptions import the_lock_says_nonsense
from tests.infra.mistakes.keys_and_pictures import a_harmless_secret_is_changed, the_store_is_lost
from tests.infra.mistakes.losses import (
    a_map_is_broken,
    a_replica_is_damaged,
    a_replica_is_lost,
    a_replica_without_its_signal,
)
from tests.infra.mistakes.stage import Record, Stage

Situation = Callable[[Stage], Awaitable[None]]
# Those that are refused first come first: they see the suite before the others are at it.
TOGETHER: list[list[Situation]] = [
    [
        a_map_is_broken,
        a_folder_is_open_to_all,
        the_network_file_is_garbled,
        small_files_are_garbled,
        a_replica_is_damaged,
        a_pid_file_names_a_stranger,
        logs_are_deleted_while_it_is_down,
        a_shell_with_other_settings,
    ],
    [
        the_store_is_lost,
        the_lock_says_nonsense,
        a_harmless_secret_is_changed,
        a_replica_is_lost,
        a_replica_without_its_signal,
        a_shell_with_a_narrow_umask,
    ],
]


class _SharedStart:
    """Waits until all have made their mistake, starts the suite once, and tells everybody."""

    def __init__(self, stage: Stage, parties: int) -> None:
        self._stage = stage
        self._views: list[Stage] = []
        self._made, self._started = asyncio.Barrier(parties), asyncio.Barrier(parties)

    async def __call__(self, view: Stage) -> None:
        self._views.append(view)
        if not await self._made.wait():
            for other in self._views:
                self._stage.extra |= other.extra
                self._stage.under += other.under
            await self._stage.comes_up()
        await self._started.wait()
        together = self._stage.record
        view.record.done += [f"together with {len(self._views) - 1} others: {together.done[-1]}"]
        view.record.said += together.said
        view.record.faults += together.faults
        view.record.rows_after = together.rows_after
        view.record.journey_after = together.journey_after

    async def abort(self) -> None:
        """Somebody will never come: the others do not wait."""
        await self._made.abort()
        await self._started.abort()


async def make_together(stage: Stage, situations: Sequence[Situation]) -> dict[str, Record]:
    """A record of each; what goes wrong with the start is a fault of all."""
    stage.begin("together")
    start = _SharedStart(stage, len(situations))
    records: dict[str, Record] = {}

    async def make(situation: Situation) -> None:
        view = copy.copy(stage)
        view.record = Record((situation.__doc__ or "").strip(), rows_before=stage.rows)
        view.extra, view.shared_start = {}, start
        records[situation.__name__] = view.record
        try:
            await situation(view)
        except Exception as error:
            view.record.faults.append(f"{type(error).__name__}: {error}"[:600])
            with contextlib.suppress(RuntimeError):
                await start.abort()

    await asyncio.gather(*(make(situation) for situation in situations))
    stage.end()
    return records
