"""Copies photos into the backups and back with rclone, which also encrypts and compares.

Objects never change, so each is copied once. The copy of a deleted object moves into a folder of
that day. It is deleted together with the backups that may still refer to it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from infra.accounts import account_for
from infra.backups.place import SYSTEM_CA_FILE, Place
from infra.backups.subprocesses import GIVES_WAY, BackupFailure, Command, run_command
from infra.programs import program
from infra.suite import Suite

_KEPT = "kept"
_GONE = "gone"
_INVENTORY = "inventory"
# Account archives can be made again, and `.keep` files are placeholders of the store.
_LEFT_OUT = ("--exclude", "/archives/**", "--exclude", ".keep")
# Keys identify the content, so objects with the same key and size are equal.
_COMPARED = ("--size-only", "--no-update-modtime", "--ignore-checksum")
_COPY_SECONDS_MAX = 12 * 3600.0
_LIST_SECONDS_MAX = 1800.0
# A store that has lost this fraction of its objects since the last copy counts as damaged.
_LOST_SHARE_MAX = 0.5


@dataclass(frozen=True, slots=True)
class Copied:
    """How many objects and bytes a copy's target holds now."""

    objects: int
    bytes: int


class PhotoCopies:
    """The copies of a suite's photos in its backups; failures raise SuiteFailure."""

    def __init__(self, suite: Suite, place: Place) -> None:
        self._suite = suite
        self._place = place
        self._environment: dict[str, str] = {}

    async def copy_new(self) -> None:
        """Copy the objects that the backups lack; deletes nothing."""
        await self._run("copy", self._source(), f"kept:{_KEPT}", *_COMPARED, *_LEFT_OUT)

    async def take_stock(self, today: date, keep_days: int) -> Copied:
        """Copy new objects, set aside deleted ones, delete expired ones, and write an inventory.

        Raises BackupFailure, and sets nothing aside, if the source has lost so much that it looks
        damaged.
        """
        await self.copy_new()
        before = await self._sizes(f"kept:{_KEPT}")
        source = await self._sizes(self._source())
        if len(source) < len(before) * _LOST_SHARE_MAX:
            raise BackupFailure(
                f"The photos' store has {len(source)} objects and its copy {len(before)}: the copy"
                " stays as it is until somebody has looked."
            )
        await self._run(
            "sync",
            self._source(),
            f"kept:{_KEPT}",
            f"--backup-dir=kept:{_GONE}/{today}",
            *_COMPARED,
            *_LEFT_OUT,
        )
        for day in await self._days_gone():
            if today - day > timedelta(days=keep_days):
                await self._run("purge", f"kept:{_GONE}/{day}")
        held = await self._sizes(f"kept:{_KEPT}")
        await self._write_inventory(held)
        for name in await self._inventories():
            # Inventories name deleted objects, so they expire too. The newest was just written.
            if today - _day_of(name) > timedelta(days=keep_days):
                await self._run("deletefile", f"kept:{_INVENTORY}/{name}")
        return Copied(len(held), sum(held.values()))

    async def restore(
        self, at: datetime | None, tell: Callable[[str], None] | None = None
    ) -> Copied:
        """Copy back at least everything that existed at a time, or the present copies for None.

        Later objects are copied too; `make sweep` removes such orphans.
        """
        target = self._target()
        await self._run(
            "copy", f"kept:{_KEPT}", target, *_COMPARED, "--stats=5s", "--stats-one-line", tell=tell
        )
        since = (at or datetime.now(UTC)).date()
        for day in await self._days_gone():
            if day >= since:
                await self._run("copy", f"kept:{_GONE}/{day}", target, *_COMPARED)
        if self._suite.plan.store.embedded:
            account_for("store").own_tree(self._suite.folder.store, mixed=True)
        there = await self._sizes(target)
        return Copied(len(there), sum(there.values()))

    async def missing(self) -> list[str]:
        """Return the keys of the newest inventory that the backups no longer have."""
        names = await self._inventories()
        if not names:
            return []
        words = self._words("cat", f"kept:{_INVENTORY}/{names[-1]}")
        lines = (await self._said(words)).splitlines()
        held = await self._sizes(f"kept:{_KEPT}")
        gone = [await self._sizes(f"kept:{_GONE}/{day}") for day in await self._days_gone()]
        there = held.keys() | {key for day in gone for key in day}
        return [key for key in (line.partition(" ")[2] for line in lines) if key not in there]

    async def check(self) -> None:
        """Read and decrypt every copy; raises WrongPassphrase if a byte has changed."""
        await self._run("hashsum", "sha1", f"kept:{_KEPT}", "--download")

    async def _write_inventory(self, held: dict[str, int]) -> None:
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.txt"
        folder = self._suite.folder.cache / "backups"
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / name
        draft.write_text("".join(f"{size} {key}\n" for key, size in sorted(held.items())))
        try:
            await self._run("copyto", str(draft), f"kept:{_INVENTORY}/{name}")
        finally:
            draft.unlink()

    async def _inventories(self) -> list[str]:
        """Return the names of inventories, oldest first."""
        return sorted(await self._sizes(f"kept:{_INVENTORY}"))

    async def _days_gone(self) -> list[date]:
        said = await self._said(self._words("lsf", "--dirs-only", "kept:"))
        if f"{_GONE}/" not in said.splitlines():
            return []
        days = await self._said(self._words("lsf", "--dirs-only", f"kept:{_GONE}"))
        return sorted(date.fromisoformat(line.rstrip("/")) for line in days.splitlines() if line)

    async def _sizes(self, remote: str) -> dict[str, int]:
        words = self._words("lsf", "-R", "--files-only", "--format=sp", "--separator= ", remote)
        try:
            said = await self._said([*words, *_LEFT_OUT])
        except BackupFailure as failure:
            if re.search(r"directory not found", str(failure)):
                return {}
            raise
        lines = (line.partition(" ") for line in said.splitlines())
        return {key: int(size) for size, _space, key in lines if size.isdecimal()}

    def _source(self) -> str:
        return f"photos:{self._suite.plan.store.bucket}"

    def _target(self) -> str:
        """Return the photos' bucket; for an embedded store, which is down, its folder."""
        store = self._suite.plan.store
        if store.embedded:
            return str(self._suite.folder.store / store.bucket)
        return self._source()

    async def _run(self, *words: str, tell: Callable[[str], None] | None = None) -> None:
        await self._said(self._words(*words), limit_s=_COPY_SECONDS_MAX, tell=tell)

    def _words(self, *words: str) -> list[str]:
        return [
            *GIVES_WAY,
            program("rclone"),
            "--config=",
            "--retries=1",
            "--low-level-retries=2",
            "--contimeout=5s",
            "--timeout=20s",
            "--transfers=4",
            "--checkers=4",
            *(f"--ca-cert={file}" for file in self._ca_files()),
            *words,
        ]

    async def _said(
        self,
        words: list[str],
        *,
        limit_s: float = _LIST_SECONDS_MAX,
        tell: Callable[[str], None] | None = None,
    ) -> str:
        if not self._environment:
            self._environment = await self._remotes()
        root = self._suite.folder.root
        command = Command(words, self._environment, root, limit_s, marked=root)
        return await run_command(command, "The copy of the photos", tell=tell)

    def _ca_files(self) -> list[Path]:
        ours = [self._suite.ca_file] if self._suite.plan.store.embedded else []
        theirs = [self._place.ca_file] if self._place.ca_file else []
        files = list(dict.fromkeys([*ours, *theirs]))
        everybody = not (ours and theirs) and SYSTEM_CA_FILE.exists()
        return [*files, SYSTEM_CA_FILE] if everybody else files

    async def _remotes(self) -> dict[str, str]:
        store = self._suite.plan.store
        endpoint = f"https://{store.address}:{store.port}" if store.embedded else store.endpoint
        keys = (self._suite.secrets["s3_access_key"], self._suite.secrets["s3_secret_key"])
        place = self._place
        return {
            "HOME": str(self._suite.folder.root),
            **_s3_remote("PHOTOS", endpoint, store.region, keys),
            **_s3_remote(
                "BACKUP", place.endpoint, place.region, (place.access_key, place.secret_key)
            ),
            "RCLONE_CONFIG_KEPT_TYPE": "crypt",
            "RCLONE_CONFIG_KEPT_REMOTE": f"backup:{place.bucket}/{place.key('photos')}",
            "RCLONE_CONFIG_KEPT_PASSWORD": await self._obscured(place.derived("photos")),
            "RCLONE_CONFIG_KEPT_PASSWORD2": await self._obscured(place.derived("photos' salt")),
        }

    async def _obscured(self, text: str) -> str:
        """Encode a secret as rclone's configuration requires; this is no encryption."""
        words = [program("rclone"), "--config=", "obscure", "-"]
        root = self._suite.folder.root
        command = Command(words, {}, root, _LIST_SECONDS_MAX, marked=root, given=text.encode())
        return (await run_command(command, "Preparing the copy of the photos")).strip()


def _day_of(inventory: str) -> date:
    return datetime.strptime(inventory[:8], "%Y%m%d").replace(tzinfo=UTC).date()


def _s3_remote(name: str, endpoint: str, region: str, keys: tuple[str, str]) -> dict[str, str]:
    parts = urlsplit(endpoint)
    prefix = f"RCLONE_CONFIG_{name}_"
    return {
        f"{prefix}TYPE": "s3",
        f"{prefix}PROVIDER": "Other",
        f"{prefix}ENDPOINT": f"{parts.scheme}://{parts.netloc}",
        f"{prefix}REGION": region,
        f"{prefix}ACCESS_KEY_ID": keys[0],
        f"{prefix}SECRET_ACCESS_KEY": keys[1],
        f"{prefix}FORCE_PATH_STYLE": "true",
        f"{prefix}NO_CHECK_BUCKET": "true",
    }
