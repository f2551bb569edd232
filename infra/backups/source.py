"""The sources of a restore: this suite's backups, a store's folder, or an external bucket."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from getpass import getpass
from pathlib import Path
from urllib.parse import urlsplit

from infra.backups.bucket import Bucket, open_bucket
from infra.backups.place import (
    Place,
    backup_folder,
    embedded_keys,
    named_authority,
    place_of,
)
from infra.backups.subprocesses import BackupFailure
from infra.backups.temporary_store import answers, served
from infra.run_folder import RunFolder
from infra.suite import Suite

PASSPHRASE = "RETRATO_BACKUP_PASSPHRASE"  # noqa: S105 - the name of the variable
ACCESS_KEY = "RETRATO_BACKUP_ACCESS_KEY"
SECRET_KEY = "RETRATO_BACKUP_SECRET_KEY"  # noqa: S105
_HTTPS_PORT = 443


@dataclass(frozen=True, slots=True)
class Source:
    """A place of backups and its open bucket."""

    place: Place
    bucket: Bucket


@asynccontextmanager
async def own_source(suite: Suite, *, for_folder: RunFolder | None = None) -> AsyncIterator[Source]:
    """Open the suite's own backups, whether it is up or down.

    If the embedded store is down, a temporary one serves its folder. `for_folder` is the run
    folder that the restore writes to.
    """
    place = place_of(suite)
    if not suite.plan.backup.embedded or await answers(place.host, place.port):
        async with open_bucket(place) as bucket:
            yield Source(place, bucket)
        return
    folder = backup_folder(suite)
    async with (
        served(folder, place, for_folder or suite.folder) as ca_file,
        open_bucket(replace(place, ca_file=ca_file)) as bucket,
    ):
        yield Source(replace(place, ca_file=ca_file), bucket)


@asynccontextmanager
async def named_source(target: Suite, name: str, suite_name: str) -> AsyncIterator[Source]:
    """Open a folder, or `https://host:port/bucket`; `suite_name` chooses among several suites.

    RETRATO_BACKUP_PASSPHRASE has the passphrase; otherwise the operator is asked. The keys of an
    external bucket are in RETRATO_BACKUP_ACCESS_KEY and RETRATO_BACKUP_SECRET_KEY. Raises
    BackupFailure.
    """
    _require_source(name, target.plan.backup.bucket)
    passphrase = os.environ.get(PASSPHRASE) or getpass("The passphrase of the backups: ")
    backup = target.plan.backup
    keys = embedded_keys(passphrase)
    place = Place(
        host=backup.address,
        port=backup.port,
        bucket=backup.bucket,
        region=backup.region,
        access_key=keys[0],
        secret_key=keys[1],
        ca_file=None,
        suite_name=suite_name,
        passphrase=passphrase,
    )
    if "://" in name:
        elsewhere = _elsewhere(place, name, named_authority(backup))
        async with _chosen(elsewhere) as source:
            yield source
        return
    async with (
        served(Path(name), place, target.folder) as ca_file,
        _chosen(replace(place, ca_file=ca_file)) as source,
    ):
        yield source


def _require_source(name: str, bucket: str) -> None:
    """Check what can be checked without the passphrase; raises BackupFailure."""
    if "://" in name:
        _require_url(name)
        return
    folder = Path(name).absolute()
    if not folder.is_dir():
        raise BackupFailure(f"FROM={name} is not a folder: is the disk mounted?")
    if (folder / bucket).is_dir():
        return
    above = [parent for parent in folder.parents if (parent / bucket).is_dir()]
    below = [child.parent for child in folder.glob(f"*/{bucket}") if child.is_dir()]
    hint = f": try FROM={(above + below)[0]}" if above or below else ""
    raise BackupFailure(
        f"FROM={name} is not the folder of a backup store, which holds a folder {bucket}{hint}."
    )


def _require_url(name: str) -> None:
    url = urlsplit(name)
    missing = [variable for variable in (ACCESS_KEY, SECRET_KEY) if not os.environ.get(variable)]
    if missing or not url.path.strip("/") or not url.hostname:
        raise BackupFailure(
            f"FROM= wants https://host:port/bucket, and the keys in {ACCESS_KEY} and {SECRET_KEY}."
        )


def _elsewhere(place: Place, name: str, ca_file: Path | None) -> Place:
    url = urlsplit(name)
    return replace(
        place,
        host=url.hostname or "",
        port=url.port or _HTTPS_PORT,
        bucket=url.path.strip("/"),
        ca_file=ca_file,
        access_key=os.environ[ACCESS_KEY],
        secret_key=os.environ[SECRET_KEY],
    )


@asynccontextmanager
async def _chosen(place: Place) -> AsyncIterator[Source]:
    """Open a place with the named suite, or with the only one in the bucket."""
    async with open_bucket(place) as bucket:
        if place.suite_name:
            yield Source(place, bucket)
            return
        names = [name.rstrip("/") for name in await bucket.folders("")]
        names = [name for name in names if name.startswith("suite-")]
        if len(names) != 1:
            listed = ", ".join(names) or "none"
            raise BackupFailure(f"SUITE= has to name one of the suites in the bucket: {listed}.")
        yield Source(replace(place, suite_name=names[0]), bucket)
