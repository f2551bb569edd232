"""Checks the free space of each file system with data of the suite."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.rendering.postgres import data_folder
from infra.suite import Suite

_MIB = 1024**2
# A first start writes a gigabyte, and a suite with data needs space to grow.
_ROOT_BYTES_MIN = 2048 * _MIB
# Postgres needs four WAL segments to finish a recovery and a checkpoint.
_EACH_BYTES_MIN = 64 * _MIB


def require_disk_space(suite: Suite, *, runs: bool) -> None:
    """Raise SuiteFailure with the name of each file system that is too full.

    A suite that `runs` needs less space than a start.
    """
    short = short_of_disk_space(suite, root_bytes_min=_EACH_BYTES_MIN if runs else _ROOT_BYTES_MIN)
    if short:
        raise SuiteFailure("\n".join([*short, "Make room there, then run `make up` again."]))


def short_of_disk_space(suite: Suite, *, root_bytes_min: int = _EACH_BYTES_MIN) -> list[str]:
    """Return a sentence for each file system with too little free space."""
    root = suite.folder.root
    kept: dict[int, list[tuple[str, Path]]] = {}
    for name, folder in _places(suite):
        if folder.exists():
            kept.setdefault(folder.stat().st_dev, []).append((name, folder))
    sentences = []
    for device, places in kept.items():
        is_root = device == root.stat().st_dev
        needed = root_bytes_min if is_root else _EACH_BYTES_MIN
        folder = root if is_root else places[0][1]
        free = shutil.disk_usage(folder).free
        if free < needed:
            who = "the suite" if is_root else ", ".join(name for name, _folder in places)
            sentences.append(
                f"Only {free / _MIB:.0f} MiB are free on the file system of {folder}:"
                f" {needed / _MIB:.0f} are needed there for {who}."
            )
    return sentences


def usage_by_place(suite: Suite) -> dict[str, tuple[int, int]]:
    """Return the size and the free bytes of each file system with data of the suite.

    `suite` is that of the run folder. Another one has the name of the first part that lies on it.
    """
    usages: dict[int, tuple[str, tuple[int, int]]] = {}
    for name, folder in _places(suite):
        if folder.exists():
            place = name.removeprefix("the ").replace(" ", "_")
            usage = shutil.disk_usage(folder)
            usages.setdefault(folder.stat().st_dev, (place, (usage.total, usage.free)))
    return dict(usages.values())


def _places(suite: Suite) -> Iterator[tuple[str, Path]]:
    yield "the suite", suite.folder.root
    for node in suite.plan.members:
        folder = data_folder(suite, node)
        yield node.name, folder
        if (log := folder / "pg_wal").exists() and log.stat().st_dev != folder.stat().st_dev:
            yield f"the log of {node.name}", log
    for name in suite.plan.own_redises:
        yield f"redis-{name}", suite.folder.data / "redis" / name
    if suite.plan.store.embedded:
        yield "the store", suite.folder.store
