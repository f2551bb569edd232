"""A bucket that a rule or a dashboard names is one that our processes write."""

import re

import pytest
from prometheus_client import REGISTRY, generate_latest

from infra.ops.descriptions import dashboards
from infra.plan.planning import plan_of
from infra.topology import load_topology
from infra.watching.objectives import OBJECTIVES, Objective, bucket
from infra.watching.rule_file import rule_groups
from services.feed.actions.fan_out import LAG_SECONDS
from services.upload.actions import photo_steps
from shared.http_server.metrics import http_request_seconds

_BUCKET = re.compile(r'(\w+_bucket)\{[^}]*\ble="([^"]+)"')


def _written() -> set[tuple[str, str]]:
    """Return the name and the label `le` of every bucket that these processes show."""
    # A metric with labels shows nothing before its first use.
    http_request_seconds.labels("/v1/posts", "POST")
    assert LAG_SECONDS
    assert photo_steps
    return set(_BUCKET.findall(generate_latest(REGISTRY).decode()))


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda one: one.name)
def test_an_objective_names_a_bucket_that_is_written(objective: Objective) -> None:
    named = _BUCKET.findall(objective.bad)
    assert len(named) == 1
    assert set(named) <= _written()


def test_no_rule_and_no_dashboard_spells_a_bucket_in_another_way() -> None:
    plan = plan_of(load_topology(is_watched=True, has_failover=True))
    rules = [rule.expression for rules in rule_groups(plan).values() for rule in rules]
    queries = [q.expr for one in dashboards() for panel in one.panels for q in panel.queries]
    named = [le for text in (*rules, *queries) for _name, le in _BUCKET.findall(text)]
    assert named
    assert [le for le in named if le != bucket(float(le))] == []
