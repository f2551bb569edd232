"""Each process can read only the secrets that the plan gives it."""

from pathlib import Path

import pytest

from infra.plan.planning import plan_of
from infra.processes import processes_of
from infra.rendering.differences import files_of
from infra.rendering.everything import render_everything
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology


@pytest.mark.parametrize("has_failover", [False, True])
def test_no_rendered_file_holds_a_secret_that_the_plan_does_not_give(
    tmp_path: Path, has_failover: bool
) -> None:
    plan = plan_of(load_topology(network="127.99", has_failover=has_failover))
    suite = Suite(plan, RunFolder(tmp_path), Path("/decoder/python"), may_make_keys=True)
    processes = processes_of(suite)
    render_everything(suite, processes)
    for process in processes:
        text = "".join(file.read_text(encoding="utf-8") for file in files_of(suite, process))
        held = {secret.name for secret in suite.plan.secrets if suite.secrets[secret.name] in text}
        assert held <= set(process.planned.secrets), process.name
        if process.service in plan.services:
            assert held == set(process.planned.secrets), process.name
