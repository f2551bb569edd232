"""Each alert fires when it should and not otherwise, names metrics that exist, and has a page."""

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.automation.inbox import VERBS
from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.programs import program
from infra.rendering.files import render
from infra.run_folder import REPOSITORY
from infra.topology import load_topology
from infra.watching.rule_file import alerts_of, rule_file, rule_groups
from infra.watching.rules import PAGE, PAGE_OF_REACTIONS, Record
from tests.architecture.metrics import families
from tests.infra.watching.case import Case, Series
from tests.infra.watching.cases import cases

PLAN = plan_of(load_topology(is_watched=True, has_failover=True))
ALERTS = list(alerts_of(PLAN))
CASES = list(cases(PLAN))
# Of programs that are not ours.
_OF_OTHERS = {
    "up",
    "nginx_up",
    "redis_up",
    "process_cpu_seconds_total",
    "process_start_time_seconds",
    "alertmanager_notifications_failed_total",
    "prometheus_rule_evaluation_failures_total",
}
_QUERIES = REPOSITORY / "infra" / "templates" / "postgres_queries.yml.j2"
_SUFFIXES = ("_bucket", "_count", "_sum")
# What stands in an expression and is no metric: strings, labels, windows, functions.
_NO_METRIC = re.compile(
    r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|ignoring|group_left|without)\s*\([^)]*\)'
)
_NAME = re.compile(r"[a-zA-Z_:][\w:]*")
_WORDS = {"and", "or", "unless", "bool"}


def test_every_alert_has_a_case_and_every_case_an_alert() -> None:
    assert {case.alert for case in CASES} == {alert.name for alert in ALERTS}


def test_every_alert_fires_when_it_should_and_not_otherwise(tmp_path: Path) -> None:
    groups = json.loads(rule_file(PLAN))["groups"]
    group_of = {rule.name: name for name, rules in rule_groups(PLAN).items() for rule in rules}
    by_group: dict[tuple[str, int, str], list[Case]] = defaultdict(list)
    for case in CASES:
        objective = case.labels.get("objective", "")
        by_group[group_of[case.alert], case.step_s, objective].append(case)
    files = []
    for (group, step_s, objective), of_group in by_group.items():
        # Only the rules that matter, because each is evaluated at each step.
        wanted = [
            {"name": one["name"], "rules": [*_rules_of(one["rules"], objective)]}
            for one in groups
            if one["name"] in {"requests", group}
        ]
        rules = _written(tmp_path / f"{group}{objective}.yml", {"groups": wanted})
        document = {
            "rule_files": [rules.name],
            "evaluation_interval": f"{step_s}s",
            "tests": [test for case in of_group for test in _tests_of(case)],
        }
        files.append(str(_written(tmp_path / f"cases-{group}{objective}-{step_s}.yml", document)))
    done = subprocess.run(
        [program("promtool"), "test", "rules", *files],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _rules_of(rules: list[dict[str, Any]], objective: str) -> Iterator[dict[str, Any]]:
    for rule in rules:
        if rule.get("labels", {}).get("objective", objective) == objective:
            yield rule


def _written(file: Path, document: object) -> Path:
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def _tests_of(case: Case) -> Iterator[dict[str, object]]:
    yield _test(case, case.fires, fires=True)
    for series in case.calm:
        yield _test(case, series, fires=False)


def _test(case: Case, series: Series, *, fires: bool) -> dict[str, object]:
    wanted = {"alertname": case.alert, "alertstate": "firing", **case.labels}
    labels = ",".join(f'{name}="{text}"' for name, text in wanted.items())
    firing = f"count(ALERTS{{{labels}}})"
    question = {
        "expr": f"{firing} > bool 0 or vector(0)",
        "eval_time": f"{case.at_s}s",
        "exp_samples": [{"labels": "{}", "value": int(fires)}],
    }
    return {
        "name": f"{case.alert} {'fires' if fires else 'is calm'}",
        "interval": f"{case.step_s}s",
        "input_series": [{"series": name, "values": text} for name, text in series.items()],
        "promql_expr_test": [question],
    }


@pytest.mark.parametrize(
    "plan", [PLAN, plan_of(load_topology(is_watched=True))], ids=["with failover", "usual"]
)
def test_every_rule_names_metrics_that_exist(plan: Plan) -> None:
    rules = [rule for group in rule_groups(plan).values() for rule in group]
    recorded = {rule.name for rule in rules if isinstance(rule, Record)}
    known = {*_ours(), *_of_postgres(), *_OF_OTHERS, *recorded}
    for rule in rules:
        assert _metrics_in(rule.expression) <= known, rule.name


def test_a_metric_that_every_importer_shows_is_asked_of_one_part() -> None:
    # Those of `shared` are meant to be shown by every process.
    ours = [one for one in families() if one.file.parts[0] != "shared"]
    unlabelled = {one.name for one in ours if one.kind == "Gauge" and not one.labels}
    for rule in (rule for group in rule_groups(PLAN).values() for rule in group):
        for name in unlabelled & _metrics_in(rule.expression):
            asked = re.findall(rf"\b{name}\b(\{{[^}}]*\}})?", rule.expression)
            assert all("job=" in selector for selector in asked), rule.name


def test_a_metric_that_does_not_exist_is_noticed() -> None:
    found = _metrics_in('max by (a, b) (rate(retrato_gone{c="d"}[5m])) > 3 and on (x) pg_gone == 1')
    assert found == {"retrato_gone", "pg_gone"}


def _ours() -> Iterator[str]:
    for family in families():
        yield family.name
        if family.kind == "Histogram":
            yield from (family.name + suffix for suffix in _SUFFIXES)


def _of_postgres() -> Iterator[str]:
    prefix = ""
    for line in _QUERIES.read_text(encoding="utf-8").splitlines():
        if found := re.fullmatch(r"(pg_\w+):", line):
            prefix = found[1]
        elif found := re.match(r"\s+- (\w+): \{usage: (GAUGE|COUNTER)", line):
            yield f"{prefix}_{found[1]}"


def _metrics_in(expression: str) -> set[str]:
    bare = _NO_METRIC.sub(" ", expression)
    functions = set(re.findall(r"([a-z_0-9]+)\s*\(", bare)) | {"sum", "max", "min", "avg", "count"}
    return set(_NAME.findall(bare)) - functions - _WORDS


def test_every_alert_has_a_section_of_the_page() -> None:
    text = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    sections = set(re.findall(r"^### (\w+)$", text, re.MULTILINE))
    for_people = [alert for alert in ALERTS if alert.severity != "reaction"]
    assert sections == {alert.name for alert in for_people}
    for alert in for_people:
        assert alert.page == f"{PAGE}#{alert.name.lower()}"


def test_every_alert_that_asks_for_a_reaction_is_on_the_page_of_automation() -> None:
    text = (REPOSITORY / PAGE_OF_REACTIONS).read_text(encoding="utf-8")
    sections = set(re.findall(r"^### (\w+)$", text, re.MULTILINE))
    reactions = [alert for alert in ALERTS if "reaction" in alert.labels]
    assert sections == {alert.name for alert in reactions}
    assert {alert.severity for alert in reactions} == {"reaction"}
    assert {alert.labels["reaction"] for alert in reactions} <= set(VERBS)


def test_what_pages_somebody_is_noticed_within_a_minute() -> None:
    watch = PLAN.watch
    assert watch is not None
    # A scrape that ends in its timeout, an evaluation that finds it, and Alertmanager's wait.
    told_s = max(_waits_of_a_page())
    found_s = watch.scrape_seconds + watch.scrape_timeout_seconds + watch.evaluate_seconds
    at_once = [a for a in ALERTS if a.severity == "page" and a.name != "ObjectiveMissed"]
    # An alert fires at the first evaluation after its time.
    lasts_s = max(-(-alert.for_s // watch.evaluate_seconds) for alert in at_once)
    assert found_s + lasts_s * watch.evaluate_seconds + told_s <= 60
    # A process that restarts misses one scrape.
    for alert in at_once:
        if "up" in _metrics_in(alert.expression):
            assert alert.for_s > watch.scrape_seconds


def _waits_of_a_page() -> Iterator[int]:
    """Yield how long Alertmanager waits before the first page of a group, and before the next."""
    values = {"watch": PLAN.watch, "automation": "", "mail_password": ""}
    text = render("alertmanager.yml.j2", values)
    _before, route = text.split('matchers: [severity="page"]')
    for name in ("group_wait", "group_interval"):
        # What the route does not say, it takes from the one above.
        found = re.search(rf"^ +{name}: (\d+)s$", route, re.MULTILINE) or re.search(
            rf"^  {name}: (\d+)s$", text, re.MULTILINE
        )
        assert found is not None
        yield int(found[1])


def test_without_failover_or_backups_nothing_asks_for_them() -> None:
    drawn = load_topology(is_watched=True)
    plan = plan_of(replace(drawn, backup=replace(drawn.backup, enabled=False)))
    left_out = {alert.name for alert in ALERTS} - {alert.name for alert in alerts_of(plan)}
    backups = {"BackupTooOld", "RestoreFallsBehind", "ArchiveHole", "ArchiveWaits"}
    assert left_out == {"NoStandbyInSync", *backups}
