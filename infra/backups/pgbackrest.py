"""Backups of databases with pgBackRest; only this module calls it.

Each primary has a repository with its backups and the archive of its WAL.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.accounts import account_for
from infra.backups.bucket import Bucket, StoredItem
from infra.backups.place import Place
from infra.backups.subprocesses import (
    GIVES_WAY,
    Command,
    DamagedBackup,
    meaning_of,
    run_command,
)
from infra.backups.wal_names import timeline_of
from infra.failover.roles import server_in_role
from infra.plan.parts import Member
from infra.programs import program
from infra.rendering.backups import pgbackrest_file, pgpass_file
from infra.suite import Suite

_SEGMENT_NAME = re.compile(r"/([0-9A-F]{24})-[0-9a-f]{40}(?:\.\w+)?$")
# A backup of 200 MB takes about ten seconds, so this allows for far larger databases.
_BACKUP_SECONDS_MAX = 6 * 3600.0
_CALL_SECONDS_MAX = 120.0
# A store on a busy machine may answer slowly. Only the archiving of WAL has a shorter limit,
# because Postgres retries it by itself.
_IO_SECONDS_MAX = 30
# pgBackRest's status of a repository that exists but cannot be read.
_UNREADABLE = 99


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup of one primary; `repository_bytes` is its compressed size in the bucket.

    It can restore any time after `stopped_at`, as far as the WAL from `first_segment` on has no
    gap.
    """

    label: str
    kind: str
    started_at: datetime
    stopped_at: datetime
    database_bytes: int
    repository_bytes: int
    first_segment: str
    last_segment: str

    @property
    def timeline(self) -> int:
        """The WAL timeline of the backup; a restore or a promotion begins a new one."""
        return timeline_of(self.last_segment)


class Repository:
    """The repository of one primary; every method runs pgBackRest and raises SuiteFailure."""

    def __init__(self, suite: Suite, node: Member, config: Path | None = None) -> None:
        self._suite = suite
        self._node = node
        self._config = config

    @property
    def name(self) -> str:
        """The name of the primary, also for a replica's node."""
        return self._node.database

    async def prepare(self) -> None:
        """Create the repository; has no effect if it exists."""
        await self._run("stanza-create", subject=f"Preparing the backups of {self.name}")

    async def take(self, kind: str, tell: Callable[[str], None] | None = None) -> None:
        """Take a backup, "full" or "incr"; this also expires old ones."""
        await self._run(
            f"--type={kind}",
            "--log-level-console=info" if tell else "--log-level-console=warn",
            "backup",
            subject=f"The backup of {self.name}",
            limit_s=_BACKUP_SECONDS_MAX,
            tell=tell,
        )

    async def expire(self, *options: str) -> None:
        """Delete expired backups; `options` override the retention."""
        await self._run(*options, "expire", subject=f"Expiring the backups of {self.name}")

    async def backups(self) -> list[Backup]:
        """Return all complete backups, oldest first."""
        subject = f"Listing the backups of {self.name}"
        said = await self._run("--output=json", "info", subject=subject)
        # `info` always exits with 0, and writes line breaks that JSON does not allow.
        found = json.loads(said[said.index("[") :], strict=False)
        for stanza in found:
            if stanza["status"]["code"] == _UNREADABLE:
                raise meaning_of(json.dumps(stanza["repo"]), subject)
        return [_backup(entry) for stanza in found for entry in stanza.get("backup", ())]

    async def verify(self) -> None:
        """Verify the whole repository; raises DamagedBackup if an object has changed."""
        said = await self._run(
            "--log-level-console=info",
            "verify",
            subject=f"Verifying the backups of {self.name}",
            limit_s=_BACKUP_SECONDS_MAX,
        )
        faults = verify_faults(said)
        if faults:
            raise DamagedBackup(
                f"The backups of {self.name} are damaged:\n  " + "\n  ".join(faults)
            )

    async def restore(
        self,
        folder: Path,
        label: str,
        target: Sequence[str],
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Restore the backup `label` into an empty folder, with settings to recover to a target.

        `target` comes from `at_moment` or `at_position`.
        """
        await self._run(
            f"--pg1-path={folder}",
            f"--set={label}",
            *target,
            "--target-action=promote",
            "--process-max=2",
            "--log-level-console=detail" if tell else "--log-level-console=warn",
            "restore",
            subject=f"The restore of {self.name}",
            limit_s=_BACKUP_SECONDS_MAX,
            tell=tell,
            weight=(),
        )

    async def _run(
        self,
        *words: str,
        subject: str,
        limit_s: float = _CALL_SECONDS_MAX,
        tell: Callable[[str], None] | None = None,
        weight: Sequence[str] = GIVES_WAY,
    ) -> str:
        home = self._suite.folder.data / "postgres"
        # With failover, whoever leads now; a configuration of its own reads the store only.
        server = self._node if self._config else await server_in_role(self._suite, self._node)
        config = self._config or pgbackrest_file(self._suite, server)
        command = Command(
            words=[
                *account_for("postgres").command_prefix(home),
                *weight,
                program("pgbackrest"),
                f"--config={config}",
                f"--stanza={self.name}",
                f"--io-timeout={_IO_SECONDS_MAX}",
                *words,
            ],
            environment=self._environment(server),
            folder=home,
            limit_s=limit_s,
            marked=self._suite.folder.root,
        )
        return await run_command(command, subject, tell=tell)

    def _environment(self, server: Member) -> dict[str, str]:
        """Return libpq's variables, because pgBackRest connects to the server through libpq."""
        return {
            "HOME": str(self._suite.folder.data / "postgres"),
            "PGHOST": server.address,
            "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": str(self._suite.ca_file),
            "PGPASSFILE": str(pgpass_file(self._suite)),
            "PGCONNECT_TIMEOUT": "5",
        }


def at_moment(moment: datetime, timeline: int) -> tuple[str, ...]:
    """Return the target of all commits up to a time on a timeline.

    The newest timeline may lack data that an earlier restore has put aside.
    """
    target = f"--target={moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00"
    return ("--type=time", target, f"--target-timeline={timeline}")


def at_position(position: str, timeline: int) -> tuple[str, ...]:
    """Return the target of a timeline's WAL before this position, such as 0/1A2B3C4."""
    return (
        "--type=lsn",
        f"--target={position}",
        "--target-exclusive",
        f"--target-timeline={timeline}",
    )


def verify_faults(said: str) -> list[str]:
    """Return the lines of `verify` that report damage, because it always exits with 0."""
    faults = []
    for line in said.splitlines():
        counts = re.search(r"(missing|checksum invalid|size invalid|other): (\d+)", line)
        speaks_of_it = re.search(r"ERROR|invalid checksum|invalid size|file missing", line)
        if (counts and any(int(n) for n in re.findall(r": (\d+)", line[counts.start() :]))) or (
            speaks_of_it and not counts
        ):
            faults.append(line.strip())
    return faults


async def archived_segments(
    bucket: Bucket, place: Place, primary: str, since: str, until: str
) -> list[tuple[str, datetime]]:
    """List archived WAL segments from `since` to `until` in order, each with its time of arrival.

    This lists only the folders in between, which have 256 segments each.
    """
    root = place.key("postgres", primary, "archive", primary) + "/"
    found: list[tuple[str, datetime]] = []
    for database in await bucket.folders(root):
        for folder in await bucket.folders(database):
            if since[:16] <= folder.rstrip("/").rpartition("/")[2] <= until[:16]:
                found += _segments(await bucket.items(folder))
    return sorted(entry for entry in found if since <= entry[0] <= until)


def _segments(items: Sequence[StoredItem]) -> list[tuple[str, datetime]]:
    matches = ((_SEGMENT_NAME.search(item.key), item.modified_at) for item in items)
    return [(match[1], moment) for match, moment in matches if match]


def _backup(entry: dict[str, object]) -> Backup:
    told: dict[str, dict[str, int]] = {
        name: value for name, value in entry.items() if isinstance(value, dict)
    }
    sizes: object = told["info"]["repository"]
    archive: dict[str, object] = dict(told["archive"])
    return Backup(
        label=str(entry["label"]),
        kind=str(entry["type"]),
        started_at=datetime.fromtimestamp(told["timestamp"]["start"], UTC),
        stopped_at=datetime.fromtimestamp(told["timestamp"]["stop"], UTC),
        database_bytes=told["info"]["size"],
        repository_bytes=sizes["delta"] if isinstance(sizes, dict) else 0,
        first_segment=str(archive["start"]),
        last_segment=str(archive["stop"]),
    )
