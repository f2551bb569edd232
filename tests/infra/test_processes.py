"""Which processes exist, and their order of niceness."""

import re

from infra.processes import NICE_IN_THE_BACKGROUND
from tests.suite import Suite


def test_what_refuses_comes_before_what_works_and_that_before_the_background(
    data_suite: Suite,
) -> None:
    niceness = {process.name: process.niceness for process in data_suite.processes()}
    assert niceness["nginx-1"] == niceness["gateway-1"] == niceness["redis-gateway"] == 0
    assert niceness["gateway-1"] < niceness["users-1"] == niceness["postgres-users-a"]
    assert niceness["users-1"] < niceness["users-worker-1"]
    assert niceness["users-worker-1"] == niceness["postgres-users-a-replica"]


def test_the_supervisor_starts_them_so(data_suite: Suite) -> None:
    config = (data_suite.run_dir / "etc" / "supervisord.conf").read_text(encoding="utf-8")
    found = re.findall(r"^\[program:(.*)\]\ncommand = (.*)$", config, re.MULTILINE)
    commands = dict(found)
    assert f"nice -n {NICE_IN_THE_BACKGROUND} " in commands["users-worker-1"]
    assert "nice -n" not in commands["gateway-1"]
