"""Writes all rules as Prometheus reads them; thresholds follow from the plan."""

import json
from collections.abc import Iterator

from infra.automation.alerts import reaction_rules
from infra.plan.parts import Plan
from infra.watching.data_alerts import data_alerts
from infra.watching.keeping_alerts import keeping_alerts
from infra.watching.objectives import objective_rules
from infra.watching.part_alerts import part_alerts, part_records
from infra.watching.rules import Alert, Rule, as_document
from infra.watching.watch_alerts import watch_alerts
from infra.watching.work_alerts import work_alerts


def rule_groups(plan: Plan) -> dict[str, list[Rule]]:
    """Return all rules by the name of their group; a group is evaluated in order."""
    return {
        "requests": [*part_records()],
        "objectives": [*objective_rules()],
        "parts": [*part_alerts(plan)],
        "data": [*data_alerts(plan)],
        "work": [*work_alerts()],
        "keeping": [*keeping_alerts(plan)],
        "watch": [*watch_alerts(plan)],
        "reactions": [*reaction_rules(plan)],
    }


def alerts_of(plan: Plan) -> Iterator[Alert]:
    """Yield every alert of a plan."""
    for rules in rule_groups(plan).values():
        yield from (rule for rule in rules if isinstance(rule, Alert))


def rule_file(plan: Plan) -> str:
    """Return the text of the file of rules; JSON is YAML too."""
    groups = [
        {"name": name, "rules": [as_document(rule) for rule in rules]}
        for name, rules in rule_groups(plan).items()
    ]
    return json.dumps({"groups": groups}, indent=1) + "\n"
