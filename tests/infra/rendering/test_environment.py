"""Environment files are documented, readable by a shell, and contain no needless secrets."""

import json
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from infra.plan.planning import plan_of
from infra.rendering.environment import render_environments
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology


@pytest.fixture
def rendered(tmp_path: Path) -> Suite:
    plan = plan_of(load_topology(network="127.99"))
    suite = Suite(plan, RunFolder(tmp_path), Path("/decoder/python"), may_make_keys=True)
    suite.folder.etc.mkdir()
    render_environments(suite)
    return suite


def _as_the_shell_reads_it(suite: Suite, service: str) -> dict[str, str]:
    done = subprocess.run(
        ["/bin/sh", "-ac", '. "$0"; exec env -0', str(suite.folder.environment(service))],
        env={},
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(item.split("=", 1) for item in done.stdout.split("\0") if "=" in item)


def test_loose_limits_lift_those_of_callers_and_nothing_else(rendered: Suite) -> None:
    services = rendered.plan.services
    usual = {name: _as_the_shell_reads_it(rendered, name) for name in services}
    render_environments(replace(rendered, limits="loose"))
    loose = {name: _as_the_shell_reads_it(rendered, name) for name in services}
    different = {
        variable
        for name in services
        for variable in usual[name]
        if usual[name][variable] != loose[name][variable]
    }
    assert different == {"GATEWAY_LIMITS_FACTOR"}


def test_every_variable_has_a_sentence_above_it(rendered: Suite) -> None:
    for service in rendered.plan.services:
        lines = rendered.folder.environment(service).read_text(encoding="utf-8").splitlines()
        for above, line in pairwise(lines):
            if "=" in line and not line.startswith("#"):
                assert above.startswith("# "), line


def test_a_service_holds_the_keys_of_itself_and_of_those_that_it_calls(rendered: Suite) -> None:
    held = {
        service: set(
            json.loads(
                _as_the_shell_reads_it(rendered, service)[f"{service.upper()}_INTERNAL_KEYS"]
            )
        )
        for service in rendered.plan.services
    }
    assert held == {
        "gateway": {"gateway", "users", "upload", "feed"},
        "users": {"users", "feed", "upload"},
        "upload": {"upload", "feed"},
        "feed": {"feed", "users", "upload"},
    }


def test_the_caller_and_the_called_share_a_key(rendered: Suite) -> None:
    feed = json.loads(_as_the_shell_reads_it(rendered, "feed")["FEED_INTERNAL_KEYS"])
    users = json.loads(_as_the_shell_reads_it(rendered, "users")["USERS_INTERNAL_KEYS"])
    assert feed["users"] == users["users"]


def test_only_upload_knows_the_object_store(rendered: Suite) -> None:
    knowing = [
        service
        for service in rendered.plan.services
        if "S3_SECRET_KEY" in rendered.folder.environment(service).read_text(encoding="utf-8")
    ]
    assert knowing == ["upload"]


def test_no_service_is_given_the_superuser_of_its_databases(rendered: Suite) -> None:
    for service in rendered.plan.services:
        text = rendered.folder.environment(service).read_text(encoding="utf-8")
        assert rendered.secrets["postgres_superuser"] not in text
        assert rendered.secrets["redis_operator"] not in text


def test_loose_limits_are_the_usual_ones_many_times_over(rendered: Suite) -> None:
    assert _as_the_shell_reads_it(rendered, "gateway")["GATEWAY_LIMITS_FACTOR"] == "1"
    render_environments(replace(rendered, limits="loose"))
    assert int(_as_the_shell_reads_it(rendered, "gateway")["GATEWAY_LIMITS_FACTOR"]) >= 1000
