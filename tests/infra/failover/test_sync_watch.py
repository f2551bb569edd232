"""A database without a member in sync is counted at once, and reported after a while."""

from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from infra.failover import sync_watch
from infra.failover.patroni import Standing, leading
from infra.failover.roles import in_role
from infra.failover.sync_watch import SyncWatch
from infra.plan.planning import plan_of
from infra.topology import load_topology

_PLAN = plan_of(load_topology(has_failover=True))
_DATABASE = _PLAN.databases[0]
_FIRST, _SECOND = (
    Standing(member, answers=True, state="running", timeline=4) for member in _DATABASE.members
)
_LEADS = replace(_FIRST, role="primary", position=100)
_FOLLOWS = replace(_SECOND, role="replica", streams=True, position=100, in_sync=True)
_BEHIND = replace(_FOLLOWS, in_sync=False)


class Log:
    """Collects the names of the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def error(self, event: str, **_facts: object) -> None:
        self.lines.append(event)

    info = error


def _unsynced() -> float | None:
    return REGISTRY.get_sample_value(
        "retrato_database_unsynced_seconds", {"database": _DATABASE.name}
    )


def test_a_long_time_without_a_member_in_sync_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    monkeypatch.setattr(sync_watch, "log", log)
    assert _PLAN.failover is not None
    watch = SyncWatch(_PLAN.failover, {})
    watch.note(_DATABASE.name, (_LEADS, _FOLLOWS), 0.0)
    assert _unsynced() == 0
    watch.note(_DATABASE.name, (_LEADS, _BEHIND), 30.0)
    assert (_unsynced(), log.lines) == (30, [])
    for now_s in (31.0, 40.0):
        watch.note(_DATABASE.name, (_LEADS, _BEHIND), now_s)
    assert log.lines == ["database_without_replica_in_sync"]
    watch.note(_DATABASE.name, (_LEADS, _FOLLOWS), 41.0)
    assert (_unsynced(), log.lines[1:]) == (0, ["database_has_replica_in_sync"])


@pytest.mark.parametrize(
    "standings",
    [
        (replace(_LEADS, state="stopped"), _FOLLOWS),  # nobody leads
        (_LEADS, Standing(_SECOND.member)),  # silent
        (_LEADS, replace(_FOLLOWS, streams=False)),
    ],
)
def test_what_does_not_count_as_in_sync(standings: tuple[Standing, ...]) -> None:
    assert _PLAN.failover is not None
    watch = SyncWatch(_PLAN.failover, {})
    watch.note(_DATABASE.name, standings, 0.0)
    watch.note(_DATABASE.name, standings, 7.0)
    assert _unsynced() == 7


def test_of_two_that_say_they_lead_the_later_timeline_counts() -> None:
    late = replace(_SECOND, role="primary", timeline=5)
    assert leading((_LEADS, late)) == late
    assert leading((replace(_LEADS, state="starting"),)) is None


def test_names_mean_roles_and_every_server_has_one() -> None:
    for first in (_LEADS, replace(_SECOND, role="primary")):
        found = [in_role(_DATABASE, first, member) for member in _DATABASE.members]
        assert found[0] == first.member
        assert set(found) == set(_DATABASE.members)
