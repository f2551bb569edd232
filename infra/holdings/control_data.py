"""Reads the state of a Postgres data folder on which no server runs."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.holdings.positions import parse_position, position_text
from infra.programs import postgres_program

_WAL_NAME = re.compile(r"[0-9A-F]{24}")
_READ_SECONDS = 30
# For reading the WAL since the last checkpoint, which is at most 512 MB.
_FOLLOW_SECONDS = 120
# A server may start without some of these, but serves nothing. 1 is every server's first database.
_PARTS = ("base/1/PG_VERSION", "pg_xact", "pg_multixact", "pg_wal")
_FOUR_GIB = 1 << 32
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


class FolderDamaged(Exception):
    """No server can start on the folder; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ControlData:
    """The contents of the control file; positions are in bytes of WAL."""

    system_identifier: str
    state: str
    timeline: int
    checkpoint: int
    redo: int
    recovered: int  # a standby has replayed at least to this position
    segment_bytes: int

    @property
    def was_closed(self) -> bool:
        """Whether the server ended cleanly, so that its WAL ends with the checkpoint's record."""
        return self.state in {"shut down", "shut down in recovery"}

    @property
    def position(self) -> int:
        """The position that the data has certainly reached."""
        return max(self.checkpoint, self.recovered)

    def segment_of(self, position: int) -> int:
        """Return the number of the WAL segment that contains a position."""
        return position // self.segment_bytes


def read_control_data(folder: Path) -> ControlData:
    """Read the control file; raises FolderDamaged if it is broken, or PG_VERSION is missing."""
    version_file = folder / "PG_VERSION"
    if not version_file.exists():
        raise FolderDamaged(f"{version_file} is missing")
    done = subprocess.run(
        [postgres_program("pg_controldata"), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        env=_ENVIRONMENT,
        timeout=_READ_SECONDS,
    )
    if done.returncode or "WARNING" in done.stdout:
        raise FolderDamaged(f"{folder / 'global' / 'pg_control'} cannot be read")
    lines = {
        name.strip(): value.strip()
        for name, colon, value in (line.partition(":") for line in done.stdout.splitlines())
        if colon
    }
    try:
        return _control_data(lines)
    except (KeyError, ValueError) as error:
        raise FolderDamaged(f"pg_controldata does not say all of {folder}: {error}") from error


def require_parts(folder: Path) -> None:
    """Raise FolderDamaged if databases or WAL are gone from the folder."""
    for part in _PARTS:
        if not (folder / part).exists():
            raise FolderDamaged(f"{folder / part} is missing")


def _control_data(lines: dict[str, str]) -> ControlData:
    return ControlData(
        system_identifier=lines["Database system identifier"],
        state=lines["Database cluster state"],
        timeline=max(
            int(lines["Latest checkpoint's TimeLineID"]),
            int(lines["Min recovery ending loc's timeline"]),
        ),
        checkpoint=parse_position(lines["Latest checkpoint location"]),
        redo=parse_position(lines["Latest checkpoint's REDO location"]),
        recovered=parse_position(lines["Minimum recovery ending location"]),
        segment_bytes=int(lines["Bytes per WAL segment"]),
    )


def segments_of(folder: Path, control: ControlData) -> list[int]:
    """Return the numbers of the WAL segments of all timelines in the folder, ascending."""
    a_log_id = _FOUR_GIB // control.segment_bytes
    names = [entry.name for entry in os.scandir(folder / "pg_wal")]
    return sorted(
        {
            int(name[8:16], 16) * a_log_id + int(name[16:24], 16)
            for name in names
            if _WAL_NAME.fullmatch(name)
        }
    )


def require_log(folder: Path, control: ControlData) -> None:
    """Raise FolderDamaged unless all WAL segments since the last checkpoint are there."""
    first = control.segment_of(control.redo)
    held = [number for number in segments_of(folder, control) if number >= first]
    if not held or held[0] != first:
        raise FolderDamaged(f"{folder / 'pg_wal'} lacks the segment of its last checkpoint")
    if held[-1] - first + 1 != len(held):
        lost = next(number for number in range(first, held[-1]) if number not in set(held))
        at = position_text(lost * control.segment_bytes)
        raise FolderDamaged(f"{folder / 'pg_wal'} lacks the segment at {at}")


def log_begins(folder: Path, control: ControlData) -> int:
    """Return the position at which the WAL that leads to the last checkpoint begins."""
    held = set(segments_of(folder, control))
    first = control.segment_of(control.redo)
    while first - 1 in held:
        first -= 1
    return first * control.segment_bytes


def log_reaches(folder: Path, control: ControlData, wanted: int) -> bool:
    """Whether the WAL is readable from the last checkpoint to the position `wanted`."""
    done = subprocess.run(
        [
            postgres_program("pg_waldump"),
            "--quiet",
            f"--path={folder / 'pg_wal'}",
            f"--timeline={control.timeline}",
            f"--start={position_text(control.redo)}",
            f"--end={position_text(wanted)}",
        ],
        check=False,
        capture_output=True,
        env=_ENVIRONMENT,
        timeout=_FOLLOW_SECONDS,
    )
    return done.returncode == 0
