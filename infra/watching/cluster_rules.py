"""The rules that hold in a cluster, where only services and balancers show metrics of ours."""

import re
from collections.abc import Iterator

from infra.plan.parts import Plan
from infra.watching.rule_file import rule_groups
from infra.watching.rules import Alert, Rule

# Shown by processes that a cluster does not have, such as the caretaker and the exporters.
_OF_OTHERS = re.compile(
    r"retrato_(process|primary|disk|store|upkeep|certificate|backup|machine)_"
    r"|\b(pg|redis|alertmanager|prometheus)_"
)
_JOB = re.compile(r'up\{job=~?"([^"]+)"\}')
# It would speak of everything that a cluster's Prometheus asks.
_OF_EVERYTHING = re.compile(r"up\{job!~")


def cluster_rules(plan: Plan) -> dict[str, list[Rule]]:
    """Return the rules by group; a cluster scales and restarts by itself, so none is a reaction."""
    found = {name: list(_kept(plan, rules)) for name, rules in rule_groups(plan).items()}
    return {name: rules for name, rules in found.items() if rules and name != "reactions"}


def _kept(plan: Plan, rules: list[Rule]) -> Iterator[Rule]:
    for rule in rules:
        away = _OF_OTHERS.search(rule.expression) or _OF_EVERYTHING.search(rule.expression)
        if not away and _asks_services(plan, rule):
            yield rule


def _asks_services(plan: Plan, rule: Rule) -> bool:
    """Whether an alert on processes that are away speaks of services."""
    if not isinstance(rule, Alert):
        return True
    jobs = [one for found in _JOB.findall(rule.expression) for one in found.split("|")]
    return all(job.removesuffix("-worker") in plan.services for job in jobs)
