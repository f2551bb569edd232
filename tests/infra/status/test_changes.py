"""A start names new and removed processes before it changes anything."""

from infra.plan.planning import plan_of
from infra.status.changes import come_and_gone
from infra.topology import load_topology

PLAN = plan_of(load_topology(network="127.99"))
DESCRIBED = {process.name for process in PLAN.processes}


def test_nothing_comes_or_goes_where_plan_and_supervisor_agree() -> None:
    assert come_and_gone(PLAN, DESCRIBED) == []


def test_a_new_process_is_named_with_its_address() -> None:
    said = [change.sentence for change in come_and_gone(PLAN, DESCRIBED - {"users-worker-1"})]
    assert said == ["users-worker-1 is new: it starts at 127.99.3.101:8000"]


def test_a_process_that_is_no_longer_drawn_is_named() -> None:
    said = [change.sentence for change in come_and_gone(PLAN, DESCRIBED | {"gateway-3"})]
    assert said == ["gateway-3 is gone: it is stopped"]
