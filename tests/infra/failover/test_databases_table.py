"""The table of databases shows who leads, who is in sync, and how far the others are."""

from dataclasses import replace

from infra.failover.patroni import Standing
from infra.plan.planning import plan_of
from infra.status.databases import _row
from infra.topology import load_topology

_DATABASE = plan_of(load_topology(has_failover=True)).databases[0]
_FIRST, _SECOND = (
    Standing(member, answers=True, state="running", timeline=4) for member in _DATABASE.members
)
_LEADS = replace(_FIRST, role="primary", position=2048)
_FOLLOWS = replace(_SECOND, role="replica", streams=True, position=1024, in_sync=True)


def test_a_row_for_each_condition() -> None:
    name, first, second = _DATABASE.name, _FIRST.member.name, _SECOND.member.name
    assert _row(_DATABASE, (_LEADS, _FOLLOWS)) == (name, first, "4", second, "1.0 KiB")
    silent = Standing(_SECOND.member)
    assert _row(_DATABASE, (_LEADS, silent)) == (name, first, "4", "", f"{second} is silent")
    late = replace(_FOLLOWS, timeline=3, state="starting")
    assert _row(_DATABASE, (_LEADS, late))[4] == f"{second} does not follow (starting)"
    assert _row(_DATABASE, (silent, silent)) == (name, "", "", "", "")
