"""The page of accounts shows what the code gives them."""

from pathlib import Path

from infra.plan.planning import plan_of
from infra.processes import processes_of
from infra.rendering.everything import render_everything
from infra.run_folder import REPOSITORY, RunFolder
from infra.status.accounts import access_of, accounts_line, table_of
from infra.suite import Suite
from infra.topology import load_topology

PAGE = REPOSITORY / "docs" / "operations" / "accounts.md"


def test_the_page_has_the_table_that_the_command_prints(tmp_path: Path) -> None:
    plan = plan_of(load_topology(network=None, is_watched=True))
    suite = Suite(plan, RunFolder(tmp_path), Path("/decoder/python"), may_make_keys=True)
    render_everything(suite, processes_of(suite))
    assert table_of(access_of(suite)) in PAGE.read_text(encoding="utf-8")
    assert accounts_line(suite).startswith("accounts: ")
