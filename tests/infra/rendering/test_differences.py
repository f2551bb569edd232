"""A rendering in comparison mode names what would change and writes nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra.code_version import CodeVersion
from infra.plan.planning import plan_of
from infra.processes import processes_of
from infra.rendering import environment
from infra.rendering.differences import changed_files, undeployed
from infra.rendering.everything import render_everything
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology


def _suite(folder: Path) -> Suite:
    plan = plan_of(load_topology(network="127.99"))
    return Suite(plan, RunFolder(folder), Path("/decoder/python"), may_make_keys=True)


def test_what_was_rendered_does_not_differ(tmp_path: Path) -> None:
    suite = _suite(tmp_path)
    render_everything(suite, processes_of(suite))
    assert changed_files(suite, processes_of(suite)) == {}


def test_a_changed_limit_names_its_processes_and_changes_no_file(tmp_path: Path) -> None:
    suite = _suite(tmp_path)
    render_everything(suite, processes_of(suite))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    limits = replace(suite.plan.limits, postgres_connections_max=90, log_level="DEBUG")
    changed = replace(suite, plan=replace(suite.plan, limits=limits))
    named = changed_files(changed, processes_of(changed))
    assert named["postgres-users-a"] == [Path("postgres/users-a/postgresql.conf")]
    assert named["feed-1"] == [Path("feed.env")]
    assert not [name for name in named if name.startswith(("redis", "dns", "nginx"))]
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_what_is_not_deployed_yet_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = _suite(tmp_path)
    render_everything(suite, processes_of(suite))
    assert undeployed(suite, processes_of(suite)) == ""
    limits = replace(suite.plan.limits, log_level="DEBUG")
    changed = replace(suite, plan=replace(suite.plan, limits=limits))
    assert "feed-worker.env, feed.env, gateway.env" in undeployed(changed, processes_of(changed))
    monkeypatch.setattr(environment, "code_version", lambda: CodeVersion("1.0", "another"))
    assert "feed.env" in undeployed(suite, processes_of(suite))
