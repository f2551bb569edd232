"""The keeper's round: set marks, find holes, list deleted accounts, copy photos and keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from infra.backups import keeper_metrics as metrics
from infra.backups.bucket import Bucket
from infra.backups.bundle import keep_bundle
from infra.backups.complaints import Complaints
from infra.backups.erasures import keep_erasures
from infra.backups.pgbackrest import Backup, Repository, archived_segments
from infra.backups.photos import PhotoCopies
from infra.backups.place import Place
from infra.backups.primaries import (
    FAULTS,
    ArchiveState,
    archive_state,
    mark_and_switch,
    rows_written,
)
from infra.backups.state import (
    Mark,
    Reach,
    identify,
    read_erasures,
    read_mark,
    spelled,
    write_mark,
)
from infra.backups.subprocesses import BackupFailure
from infra.backups.vanished import remember_backups
from infra.backups.wal_names import Hole, holes_in, number_of, timeline_of
from infra.control.failures import SuiteFailure
from infra.leaders import leaders
from infra.plan.parts import Member
from infra.suite import Suite
from shared.logs import get_logger

log = get_logger()

# A segment is archived within a fraction of a second, unless the store is down.
_ARCHIVED_WITHIN_S = 15.0
_POLL_S = 0.25
# The ledger need not know the last minutes, and each write of it reaches the disk.
_REMEMBERED_EVERY = timedelta(minutes=10)
_CLOCK_SLACK = timedelta(minutes=1)
# Postgres counts a session's rows at most ten seconds after the session became idle.
_COUNTED_WITHIN = timedelta(seconds=15)


class Rounds:
    """The keeper's rounds, and its state between them."""

    def __init__(self, suite: Suite, place: Place, bucket: Bucket) -> None:
        self.suite = suite
        self.place = place
        self.bucket = bucket
        self.complaints = Complaints(suite)
        self.photos = PhotoCopies(suite, place)
        self.primaries = leaders(suite.plan.databases)
        self.holes: dict[str, Hole] = {}
        self.known_backups: dict[str, list[Backup]] = {}
        self.mark: Mark | None = None
        self._first_segments: dict[str, str] = {}
        self._rows_written: dict[str, int] = {}
        self._erased: dict[int, datetime] | None = None
        self._bundle_digest = ""
        self._remembered_at: datetime | None = None
        for node in self.primaries:
            metrics.TAKEN_AT.labels(node.name).set(metrics.UNKNOWN)

    def repository(self, node: Member) -> Repository:
        """Return the repository of a primary."""
        return Repository(self.suite, node)

    def follow_from(self, node: Member, first_segment: str) -> None:
        """Check the archive from this segment on, with which a full backup begins."""
        self._first_segments[node.name] = first_segment

    async def round(self) -> None:
        """Run one round; a failing step is reported and counted, and the others go on."""
        moment = datetime.now(UTC)
        reached = await self._reached(moment)
        async with self.step("archive", "The archive of WAL cannot be checked"):
            await self.check_archives()
        async with self.step("erasures", "The list of deleted accounts cannot be kept"):
            self._erased = await keep_erasures(
                self.suite, self.bucket, self.place, moment, self._erased
            )
        has_photos = False
        async with self.step("photos", "The photos cannot be copied"):
            await self.photos.copy_new()
            has_photos = True
        async with self.step("bundle", "The bundle of keys cannot be kept"):
            self._bundle_digest = await keep_bundle(
                self.bucket, self.place, self.suite, self._bundle_digest
            )
        kept: dict[str, Reach] = {}
        if has_photos:
            kept = {name: reach for name, reach in reached.items() if name not in self.holes}
        async with self.step("mark kept", "The mark cannot be written"):
            await self._keep_mark(kept)
        self.say()

    async def _keep_mark(self, reached: dict[str, Reach]) -> None:
        """Write the new reaches; a primary without one must set a new mark in the next round."""
        counted, self._rows_written = self._rows_written, {}
        if not reached:
            return
        mark = Mark({**(self.mark.reaches if self.mark else {}), **reached})
        await write_mark(self.bucket, self.place, mark)
        self.mark = mark
        await self._remember_backups(mark)
        self._rows_written = {name: rows for name, rows in counted.items() if name in reached}
        self._show_mark()

    def _show_mark(self) -> None:
        mark = self._whole_mark()
        metrics.MARK_AT.set(mark.moment.timestamp() if mark else metrics.UNKNOWN)

    def _whole_mark(self) -> Mark | None:
        """Return the mark if every primary has one."""
        mark = self.mark
        is_whole = mark is not None and all(node.name in mark.reaches for node in self.primaries)
        return mark if is_whole else None

    async def _remember_backups(self, mark: Mark) -> None:
        before = self._remembered_at
        if before is None or mark.moment - before >= _REMEMBERED_EVERY:
            identity = await identify(self.bucket, self.place)
            remember_backups(self.suite, identity, spelled(mark.moment))
            self._remembered_at = mark.moment

    def say(self) -> None:
        """Write the problems for `make status`."""
        mark = self._whole_mark()
        until = f"everything until {spelled(mark.moment)} UTC" if mark else "nothing yet"
        self.complaints.write(f"{until} can be restored")

    @asynccontextmanager
    async def step(self, name: str, sentence: str) -> AsyncIterator[None]:
        """Run a step; a failure becomes a complaint, and does not stop the other steps."""
        try:
            yield
        except (SuiteFailure, TimeoutError, *FAULTS) as failure:
            metrics.FAILURES.labels(name).inc()
            reason = str(failure) or type(failure).__name__
            if self.complaints.raise_(name, f"{sentence}: {reason}"):
                log.warning("backup_step_failed", step=name, reason=reason)
        else:
            if self.complaints.withdraw(name):
                log.info("backup_step_well_again", step=name)

    async def remember(self) -> None:
        """Read the state that an earlier keeper has written."""
        self.mark = await read_mark(self.bucket, self.place)
        self._show_mark()
        self._erased = await read_erasures(self.bucket, self.place)

    async def _reached(self, moment: datetime) -> dict[str, Reach]:
        """Set marks; returns the reach of every primary whose archive has its mark."""
        reached: dict[str, Reach] = {}
        trouble: dict[str, list[str]] = {}

        async def mark(node: Member) -> None:
            try:
                reached[node.name] = await self._mark(node, moment)
            except (SuiteFailure, TimeoutError, *FAULTS) as failure:
                reason = str(failure) or type(failure).__name__
                trouble.setdefault(reason, []).append(node.name)

        async with self.step("mark", "WAL cannot be marked"):
            self._require_clock(moment)
            await asyncio.gather(*(mark(node) for node in self.primaries))
            if trouble:
                raise BackupFailure(
                    "; ".join(f"{reason} ({', '.join(at)})" for reason, at in trouble.items())
                )
        return reached

    def _require_clock(self, moment: datetime) -> None:
        if self.mark and self.mark.newest - moment > _CLOCK_SLACK:
            # A recovery would stop at the first commit with a time that is too late.
            raise BackupFailure(
                f"The clock has gone back behind {spelled(self.mark.newest)} UTC. Until it has"
                " passed that, what is written can be restored no further than to that moment."
            )

    async def _mark(self, node: Member, moment: datetime) -> Reach:
        """Set a mark in a primary; raises BackupFailure if its archive does not follow.

        A primary that has written no row since its last mark needs no new one. But a backup since
        then needs a later commit as its target.
        """
        written = await rows_written(self.suite, node)
        before = self.mark.reaches.get(node.name) if self.mark else None
        is_quiet = written == self._rows_written.get(node.name)
        if is_quiet and before and not self._backed_up_since(node, before.committed_at):
            quiet_until = max(before.moment, moment - _COUNTED_WITHIN)
            return replace(before, moment=quiet_until)
        segment = await mark_and_switch(self.suite, node, moment)
        try:
            async with asyncio.timeout(_ARCHIVED_WITHIN_S):
                await self._archived(node, segment)
        except TimeoutError:
            raise BackupFailure(
                f"The archive has not taken it within {_ARCHIVED_WITHIN_S:.0f} s"
            ) from None
        self._rows_written[node.name] = written
        return Reach(moment, moment, segment)

    def _backed_up_since(self, node: Member, moment: datetime) -> bool:
        newest = self.known_backups.get(node.name, [])[-1:]
        return any(backup.stopped_at >= moment for backup in newest)

    async def _archived(self, node: Member, segment: str) -> None:
        while True:
            state = await archive_state(self.suite, node)
            if state.last_segment and number_of(state.last_segment) >= number_of(segment):
                return
            await asyncio.sleep(_POLL_S)

    async def check_archives(self) -> None:
        """Show how much waits at every primary, then look for holes; raises BackupFailure."""
        # First of all primaries, because most waits while the archive cannot be read.
        states = {node: await archive_state(self.suite, node) for node in self.primaries}
        for node, state in states.items():
            metrics.WAITING.labels(node.name).set(state.waiting_bytes)
        for node, state in states.items():
            await self._check_archive(node, state)

    async def _check_archive(self, node: Member, state: ArchiveState) -> None:
        first = self._first_segments.get(node.name)
        if first is None or not state.last_segment:
            return
        is_older = number_of(state.last_segment) < number_of(first)
        if is_older and timeline_of(state.last_segment) == timeline_of(first):
            return
        archived = await archived_segments(
            self.bucket, self.place, node.name, first, state.last_segment
        )
        names = [name for name, _moment in archived]
        found = next(holes_in(names, first=first, last=state.last_segment), None)
        if found is None and timeline_of(state.last_segment) > timeline_of(first):
            # After a promotion or a restore, the earlier backups belong to another timeline.
            found = Hole(first, state.last_segment, 0)
        self._note_hole(node, found)
        if found is None:
            # The next round starts here.
            self._first_segments[node.name] = names[-1] if names else first

    def _note_hole(self, node: Member, hole: Hole | None) -> None:
        metrics.MISSING.labels(node.name).set(hole.count if hole else 0)
        subject = f"hole {node.name}"
        if hole is None:
            if self.holes.pop(node.name, None) is not None:
                log.info("wal_archive_whole_again", primary=node.name)
            self.complaints.withdraw(subject)
            return
        self.holes[node.name] = hole
        sentence = f"The archive of {node.name} has a hole: {hole}. A full backup heals it."
        if not hole.count:
            sentence = (
                f"{node.name} has a new timeline since a restore or a promotion, and no full backup"
                " of it yet: the keeper takes one. No WAL is missing."
            )
        if self.complaints.raise_(subject, sentence):
            metrics.HOLES.labels(node.name).inc()
            log.error("wal_archive_has_hole", primary=node.name, hole=str(hole))
