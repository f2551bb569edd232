"""Requests on their way from the process that takes alerts to the one that acts.

The first has no rights but to write small files into a folder of its own. The second believes none
of them: it reads plain, short files only, and checks each word.
"""

import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from infra.foreign_files import open_foreign

VERBS = (
    "add_replica",
    "remove_replica",
    "add_worker",
    "remove_worker",
    "pause_fan_out",
    "resume_fan_out",
    "refuse_uploads",
    "accept_uploads",
    "restart_process",
    "renew_certificates",
)
# What ends what an alert began, when the alert is over.
UNDONE_BY = {"pause_fan_out": "resume_fan_out", "refuse_uploads": "accept_uploads"}
# Verbs that need to know what they are for.
_WITH_TARGET = frozenset({*VERBS[:4], "restart_process"})
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BYTES_MAX = 1024
# A verb has one request for each target at a time, and this bounds the targets.
WAITING_MAX = 64
# Drafts and foreign files lie beside requests; a flood of them costs no more than this.
_SEEN_MAX = 4 * WAITING_MAX
# An older request would react to what is over.
LASTS_S = 120.0
_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Request:
    """What an alert asks for; `target` is a role or a process, or empty. `at` is Unix time."""

    at: float
    alert: str
    verb: str
    target: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it has waited too long."""
        return not 0 <= time.time() - self.at <= LASTS_S


def request_of(labels: Mapping[str, Any], *, is_firing: bool) -> Request | None:
    """Return what an alert asks for by its labels; None if there is nothing to do.

    Raises ValueError if a word is not one that we know.
    """
    verb = labels.get("reaction")
    if not is_firing:
        verb = UNDONE_BY.get(str(verb))
    if verb is None:
        return None
    target = ""
    if verb in _WITH_TARGET:
        by_process = verb == "restart_process"
        target = labels.get("target") or labels.get("instance" if by_process else "job") or ""
    return _checked(time.time(), labels.get("alertname"), verb, target)


def _checked(at: object, alert: object, verb: object, target: object) -> Request:
    if not isinstance(at, float | int) or not isinstance(target, str):
        raise ValueError("a request has a time and a target")
    if verb not in VERBS:
        raise ValueError(f"{str(verb)[:64]!r} is no reaction")
    if not isinstance(alert, str) or not _WORD.fullmatch(alert):
        raise ValueError("an alert has a plain name")
    if not _WORD.fullmatch(target) if verb in _WITH_TARGET else target:
        raise ValueError(f"{verb} has no such target")
    return Request(float(at), alert, str(verb), target)


class Inbox:
    """A folder of requests; a later one for the same replaces the earlier one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, request: Request) -> bool:
        """Write a request; returns False if too many wait already."""
        file = self._folder / f"{request.verb}.{request.target}{_SUFFIX}"
        if not file.exists() and len(self._files()) >= WAITING_MAX:
            return False
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(request)), encoding="utf-8")
        draft.replace(file)
        return True

    def waiting(self) -> list[Request]:
        """Return the requests, oldest first; those that are over or broken are deleted.

        Raises nothing, whatever lies in the folder.
        """
        found = []
        for file in self._files():
            request = _read(file)
            if request is None or request.is_over:
                _delete(file)
            else:
                found.append(request)
        return sorted(found, key=lambda request: request.at)

    def drop(self, request: Request) -> None:
        """Delete a request that was dealt with."""
        _delete(self._folder / f"{request.verb}.{request.target}{_SUFFIX}")

    def _files(self) -> list[Path]:
        with suppress(OSError):
            seen = islice(self._folder.iterdir(), _SEEN_MAX)
            return [file for file in seen if file.suffix == _SUFFIX]
        return []


def _delete(file: Path) -> None:
    """Delete a file or an empty folder; what cannot be deleted stays, and is never believed."""
    with suppress(OSError):
        if file.is_dir() and not file.is_symlink():
            file.rmdir()
        else:
            file.unlink()


def _read(file: Path) -> Request | None:
    """Return the request in a file of another account; None if it is anything else."""
    try:
        with open_foreign(file) as handle:
            read = json.loads(handle.read(_BYTES_MAX))
        request = _checked(read["at"], read["alert"], read["verb"], read["target"])
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return request if file.name == f"{request.verb}.{request.target}{_SUFFIX}" else None
