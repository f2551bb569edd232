"""The keeper shows a moment only if it knows one."""

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from prometheus_client import REGISTRY

from infra.backups import rounds as module
from infra.backups.bucket import Bucket
from infra.backups.place import Place
from infra.backups.rounds import Rounds
from infra.backups.state import Mark, Reach
from infra.plan.planning import plan_of
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def _shown(name: str, **labels: str) -> float:
    value = REGISTRY.get_sample_value(f"retrato_backup_{name}_seconds", labels)
    assert value is not None
    return value


async def test_a_keeper_that_starts_shows_what_an_earlier_one_kept_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = Suite(plan_of(load_topology()), RunFolder(tmp_path), Path("/decoder/python"))
    # Neither is asked for anything here.
    rounds = Rounds(suite, cast(Place, None), cast(Bucket, None))
    names = [node.name for node in rounds.primaries]
    assert all(math.isnan(_shown("last", primary=name)) for name in names)
    reaches = {name: Reach(NOON, NOON, "0" * 24) for name in names}
    kept: list[Mark | None] = [None, Mark({names[0]: reaches[names[0]]}), Mark(reaches)]
    found = iter(kept)

    async def next_mark(*_where: object) -> Mark | None:
        return next(found)

    async def no_erasures(*_where: object) -> dict[int, datetime]:
        return {}

    monkeypatch.setattr(module, "read_mark", next_mark)
    monkeypatch.setattr(module, "read_erasures", no_erasures)
    shown = []
    for _mark in kept:
        await rounds.remember()
        shown.append(_shown("restorable_until"))
    assert [math.isnan(each) for each in shown] == [True, True, False]
    assert shown[-1] == NOON.timestamp()
