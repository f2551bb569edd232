"""Prometheus asks every process that shows metrics, whatever the topology is."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given

from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.topology import TOPOLOGY_FILE, Topology, load_topology
from infra.topology_tables import TopologyError
from infra.watching.targets import GROUPS, REDIS, file_sd, targets_of
from tests.infra.plan.test_planning import topologies

# They show none: a fence listens nowhere, and the others are asked by an exporter or the caretaker.
_SILENT = {"fence", "store", "nginx", "postgres"}


def _plan(*, has_failover: bool = False) -> Plan:
    return plan_of(load_topology(is_watched=True, has_failover=has_failover))


@pytest.mark.parametrize("has_failover", [False, True])
def test_every_process_is_asked(has_failover: bool) -> None:
    plan = _plan(has_failover=has_failover)
    silent = _SILENT - ({"postgres"} if has_failover else set())
    asked = [target.instance for target in targets_of(plan)]
    assert sorted(asked) == sorted(p.name for p in plan.processes if p.kind not in silent)
    assert {target.group for target in targets_of(plan)} == set(GROUPS)


@given(topologies())
def test_no_target_is_asked_twice(topology: Topology) -> None:
    plan = plan_of(topology)
    targets = targets_of(plan)
    assert bool(targets) == (plan.watch is not None)
    for what in ("address", "instance"):
        counts = Counter(getattr(target, what) for target in targets)
        assert not [value for value, times in counts.items() if times > 1]


def test_a_target_is_known_by_its_part_and_its_process() -> None:
    targets = targets_of(_plan())
    labels = [one["labels"] for group in GROUPS for one in file_sd(targets, group)]
    assert {"job": "feed", "instance": "feed-1"} in labels
    assert {"job": "feed-worker", "instance": "feed-worker-1"} in labels
    assert {"job": "redis", "instance": "redis-users"} in labels
    redis = [target.address for target in targets if target.group == REDIS]
    assert all(address.startswith("rediss://") for address in redis)


def test_without_watchers_a_plan_has_none() -> None:
    plan, watched = plan_of(load_topology()), _plan()
    added = {p.name for p in watched.processes} - {p.name for p in plan.processes}
    # The operators' page and the automation are of no use without what the watchers tell.
    own = added - {"ops", "automation"}
    assert {p.kind for p in watched.processes if p.name in own} == {"watcher"}
    assert not targets_of(plan)
    assert not [p for p in plan.processes if p.kind == "watcher"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("scrape_seconds = 15", "scrape_seconds = 30", "within a minute"),
        ('webhook = ""', 'webhook = "somewhere"', "no URL"),
        ('[watch]\naddress = "11.1"', '[watch]\naddress = "9.1"', "more than one process"),
    ],
)
def test_a_topology_that_cannot_watch_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = TOPOLOGY_FILE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "topology.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(TopologyError, match=said):
        load_topology(file)
