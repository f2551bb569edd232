"""Error output of programs becomes a failure of the right kind with a clear sentence."""

import pytest

from infra.backups.pgbackrest import verify_faults
from infra.backups.sealing import WrongPassphrase
from infra.backups.subprocesses import BackupFailure, DamagedBackup, StoreAway, meaning_of
from infra.control.failures import SuiteFailure


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            "ERROR: [095]: unable to load info file … CryptoError: cipher header invalid",
            WrongPassphrase,
        ),
        ("[FormatError] unable to load info file 'backup.info'", WrongPassphrase),
        ("failed to authenticate decrypted block - bad password?", WrongPassphrase),
        ("ERROR: [050]: unable to acquire lock on file '…': Resource temporarily", BackupFailure),
        ("ERROR: new backup label '…' is not later than latest backup label '…'", BackupFailure),
        ("ERROR: [082]: … could not write: No space left on device", BackupFailure),
        ("ERROR: [049]: unable to connect to '127.20.7.1:9000': Connection refused", StoreAway),
        ('CRITICAL: Failed to create file system for "kept:kept": is a file not a', StoreAway),
        ("ERROR: raised from local-1: invalid checksum for file base/1/2", DamagedBackup),
        ("ERROR: [055]: unable to load info file: FileMissingError", DamagedBackup),
        ("something that nobody has seen before", BackupFailure),
    ],
)
def test_a_failure_has_a_meaning(said: str, kind: type[SuiteFailure]) -> None:
    failure = meaning_of(said, "The restore of users-a")
    assert type(failure) is kind
    assert str(failure).startswith("The restore of users-a")


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ("INFO: verify command end: completed successfully", 0),
        (
            "  total WAL checked: 9, total valid WAL: 9\n    missing: 0, other: 0",
            0,
        ),
        ("    missing: 0, checksum invalid: 1, size invalid: 0, other: 0", 1),
        ("ERROR: invalid checksum '/repo/file'", 1),
    ],
)
def test_verify_ends_well_whatever_it_finds_so_its_lines_are_read(said: str, faults: int) -> None:
    assert len(verify_faults(said)) == faults
