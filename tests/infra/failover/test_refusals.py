"""With failover, commands that replace data or the authority say what to do first."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra.control.failures import SuiteFailure
from infra.control.other_rotations import other_ways, ways_meant, why_kept
from infra.failover.roles import require_no_failover
from infra.plan.planning import plan_of
from infra.plan.secret_names import FAILOVER_SECRETS
from infra.run_folder import RunFolder
from infra.suite import Suite, suite_as_it_was, suite_in
from infra.topology import load_topology

_USUAL = plan_of(load_topology())
_WITH = plan_of(load_topology(has_failover=True))


def test_the_authority_is_replaced_only_without_failover() -> None:
    assert "ca" in other_ways(_USUAL)
    assert "ca" not in ways_meant(_WITH, "all")
    assert why_kept(_USUAL, "ca") == ""
    assert "HA=0" in why_kept(_WITH, "ca")


@pytest.mark.parametrize("word", FAILOVER_SECRETS)
def test_the_passwords_of_failover_are_made_anew(word: str) -> None:
    assert "HA=0" in why_kept(_WITH, word)


@pytest.mark.parametrize("word", ["postgres_users", "postgres_superuser", "media"])
def test_other_secrets_are_replaced_with_and_without_failover(word: str) -> None:
    assert why_kept(_WITH, word) == why_kept(_USUAL, word) == ""


def test_data_is_replaced_only_without_failover(tmp_path: Path) -> None:
    suite = Suite(_WITH, RunFolder(tmp_path), Path("/decoder/python"))
    with pytest.raises(SuiteFailure, match="HA=0"):
        require_no_failover(suite, "A promotion")
    require_no_failover(replace(suite, plan=_USUAL), "A promotion")


def test_a_folder_remembers_whether_it_has_failover(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert suite_in(folder, None).plan.failover is None
    asked = suite_in(folder, None, asked_failover="1")
    assert asked.plan.failover is not None
    assert suite_as_it_was(asked).plan.failover is None
    folder.failover_file.write_text("on\n", encoding="ascii")
    assert suite_in(folder, None).plan.failover is not None
    assert suite_in(folder, None, asked_failover="off").plan.failover is None
