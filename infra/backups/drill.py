"""The restore drill: restores to now and to a random time, and compares all tables."""

import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field

from infra.accounts import account_for
from infra.backups.digests import differing, digests_of
from infra.backups.estimates import Estimate
from infra.backups.pgbackrest import at_position
from infra.backups.photos import PhotoCopies
from infra.backups.restorable import Restorable, backup_before, repository_in, restorable
from infra.backups.scratch_server import Scratch, recovered
from infra.backups.source import Source
from infra.backups.state import spelled
from infra.backups.witness import (
    Testimony,
    Witness,
    keep_witness,
    kept_moments,
    node_of,
    read_testimony,
)
from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.leaders import leader
from infra.rendering.files import make_folder
from infra.suite import Suite

_SHOWN_MAX = 5


@dataclass(slots=True)
class DrillReport:
    """The results of a drill: a line per restore, and all faults."""

    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether there are no faults."""
        return not self.faults

    def text(self) -> str:
        """Return the report as text."""
        verdict = "All of it came back." if self.is_well else f"{len(self.faults)} faults:"
        rows = [*self.lines, verdict, *(f"  {fault}" for fault in self.faults)]
        return "\n" + "\n".join(rows) + "\n"


async def drill(
    suite: Suite, source: Source, progress: Progress, seed: int | None = None
) -> DrillReport:
    """Restore every primary twice beside the running suite, and compare; takes minutes.

    The expected digests belong to exact WAL positions. One set is taken now, and one belongs to a
    random earlier backup.
    """
    report = DrillReport()
    earlier = await kept_moments(source.bucket, source.place)
    now = await keep_witness(suite, source.bucket, source.place)
    progress.say("the digests of all tables are taken as they are now")
    testimonies = [now]
    if earlier:
        chosen = random.Random(seed).choice(earlier)  # noqa: S311 - no secret
        testimonies.append(await read_testimony(source.bucket, source.place, chosen))
    for testimony in testimonies:
        for witness in testimony.witnesses:
            await _try(suite, source, (testimony, witness), report, progress)
    await _read_all(suite, source, report, progress)
    return report


async def compare(server: Scratch, witness: Witness, database: str) -> list[str]:
    """Return the tables of a recovered server that differ from the witness."""
    async with server.connected(database) as connection:
        return differing(witness.digests, await digests_of(connection))


async def _try(
    suite: Suite,
    source: Source,
    chosen: tuple[Testimony, Witness],
    report: DrillReport,
    progress: Progress,
) -> None:
    testimony, witness = chosen
    began_s = progress.seconds
    subject = f"{witness.primary} at {spelled(testimony.moment)}"
    try:
        wrong = await _restored_differences(suite, source, testimony, witness, progress)
    except SuiteFailure as failure:
        report.faults.append(f"{subject}: {failure}")
        progress.say(f"{subject}: not restored")
        return
    took_s = progress.seconds - began_s
    equal = len(witness.digests) - len(wrong)
    line = f"{subject}: {equal} of {len(witness.digests)} tables equal, {took_s:.1f} s"
    progress.say(line)
    report.lines.append(line)
    if wrong:
        report.faults.append(f"{subject}: other rows in {_some(wrong)}")


async def _restored_differences(
    suite: Suite, source: Source, testimony: Testimony, witness: Witness, progress: Progress
) -> list[str]:
    node = node_of(suite, witness)
    found: Restorable = await restorable(suite, source, node)
    folder = suite.folder.data / "postgres" / f"{node.name}.drill"
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder, account_for("postgres"))
    try:
        await repository_in(suite, source, node).restore(
            folder,
            backup_before(found, testimony.moment).label,
            at_position(witness.position, witness.timeline),
            Estimate(progress, node.name).hear,
        )
        async with recovered(suite, folder, keep=False) as server:
            return await compare(server, witness, node.service)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _read_all(suite: Suite, source: Source, report: DrillReport, progress: Progress) -> None:
    """Verify every byte of the backups, including those that these restores did not need."""
    copies = PhotoCopies(suite, source.place)
    checks = {
        f"the backups of {database.name}": repository_in(suite, source, leader(database)).verify
        for database in suite.plan.databases
    }
    for subject, check in {**checks, "the copies of the photos": copies.check}.items():
        try:
            await check()
        except SuiteFailure as failure:
            report.faults.append(f"{subject}: {failure}")
            progress.say(f"{subject}: damaged")
        else:
            progress.say(f"{subject}: every byte is as it was written")
    missing = await copies.missing()
    if missing:
        report.faults.append(f"the copies of the photos lack {_some(missing)}")


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _SHOWN_MAX} more" if len(listed) > _SHOWN_MAX else ""
    return ", ".join(listed[:_SHOWN_MAX]) + more
