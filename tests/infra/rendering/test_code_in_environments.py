"""A start finds every process that runs older code, because its environment names the commit."""

from pathlib import Path

import pytest

from infra.code_version import CodeVersion
from infra.plan.planning import plan_of
from infra.processes import processes_of
from infra.rendering.differences import files_of
from infra.rendering.everything import render_everything
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology

_NEWER = CodeVersion("99.0.0", "abcdefabcdef")
# They read no environment; an upgrade asks them for their version.
_BY_NAME = {"backup-keeper", "caretaker"}


def _newer() -> CodeVersion:
    return _NEWER


def test_newer_code_changes_a_file_of_every_process_that_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(load_topology(network="127.99", is_watched=True))
    suite = Suite(plan, RunFolder(tmp_path), Path("/decoder/python"), may_make_keys=True)
    processes = processes_of(suite)
    render_everything(suite, processes)
    for module in ("environment", "ops", "automation", "mail"):
        monkeypatch.setattr(f"infra.rendering.{module}.code_version", _newer)
    render_everything(suite, processes)
    ours = [process for process in processes if process.kind == "service"]
    assert {"ops", "automation", "feed"} <= {process.service for process in ours}
    for process in ours:
        text = "".join(file.read_text(encoding="utf-8") for file in files_of(suite, process))
        if process.service not in _BY_NAME:
            assert _NEWER.revision in text, process.name


def test_an_upgrade_can_ask_every_process_of_ours_for_its_version() -> None:
    plan = plan_of(load_topology(network="127.99", is_watched=True))
    ours = [process for process in plan.processes if process.kind == "service"]
    assert {"backup-keeper", "caretaker", "ops", "automation"} <= {one.name for one in ours}
    assert {plan.checks[process.name].path for process in ours} == {"/ready"}
