"""Failover adds its own processes to a plan, and without it the plan has none of them."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from infra.failover.settings import shared_settings
from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.plan.secret_names import FAILOVER_SECRETS
from infra.processes import processes_of
from infra.rendering.everything import render_everything
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import TOPOLOGY_FILE, load_topology
from infra.topology_tables import TopologyError

_ADDED_KINDS = {"etcd", "fence"}


def _plans() -> tuple[Plan, Plan]:
    return plan_of(load_topology()), plan_of(load_topology(has_failover=True))


def test_failover_is_no_part_of_the_usual_plan() -> None:
    usual, _with = _plans()
    assert usual.failover is None
    assert not _ADDED_KINDS & {process.kind for process in usual.processes}
    assert not set(FAILOVER_SECRETS) & {secret.name for secret in usual.secrets}
    for process in usual.processes:
        if process.kind == "postgres":
            assert process.endpoints == ((process.address, process.port),)


def test_failover_changes_only_the_databases_and_the_keeper() -> None:
    usual, with_failover = _plans()
    had = {process.name: process for process in usual.processes}
    for process in with_failover.processes:
        is_added = process.kind in _ADDED_KINDS
        # The keeper seals a copy of all secrets.
        if not is_added and process.kind != "postgres" and process.name != "backup-keeper":
            assert process == had[process.name]
    assert set(had) == {p.name for p in with_failover.processes if p.kind not in _ADDED_KINDS}
    assert with_failover.names == usual.names
    assert [replace(one, rest_port=0) for one in with_failover.members] == list(usual.members)
    assert with_failover.services == usual.services


def test_one_fence_watches_every_server(tmp_path: Path) -> None:
    _usual, plan = _plans()
    suite = _suite(tmp_path, plan)
    (fence,) = [process for process in processes_of(suite) if process.kind == "fence"]
    watched = [word for word in fence.command if "=" in word]
    assert watched == [
        f"{member.address}:8008={suite.folder.data / 'postgres' / member.name}"
        for member in plan.members
    ]


def _suite(folder: Path, plan: Plan) -> Suite:
    return Suite(
        plan,
        RunFolder(folder),
        Path("/decoder/python"),
        may_make_keys=True,
        patroni_python=Path("/venv-ha/bin/python"),
    )


def _rendered(folder: Path, plan: Plan) -> dict[Path, str]:
    suite = _suite(folder, plan)
    render_everything(suite, processes_of(suite))
    etc = suite.folder.etc
    return {
        f.relative_to(etc): f.read_text(encoding="utf-8") for f in etc.rglob("*") if f.is_file()
    }


def test_without_failover_the_files_are_those_of_a_suite_that_never_had_it(tmp_path: Path) -> None:
    usual, with_failover = _plans()
    before = _rendered(tmp_path, usual)
    during = _rendered(tmp_path, with_failover)
    for file in set(during) - set(before):
        (tmp_path / "etc" / file).unlink()
    assert _rendered(tmp_path, usual) == before
    added = {
        file.parts[0] if file.parts[0] == "etcd" else file.name
        for file in set(during) - set(before)
    }
    assert added == {"etcd", "patroni.yml"}


def test_a_usual_server_has_its_folder_and_a_server_of_patroni_gets_it(tmp_path: Path) -> None:
    usual, with_failover = _plans()
    file = Path("postgres/users-a-replica/postgresql.conf")
    assert "data_directory" in _rendered(tmp_path / "a", usual)[file]
    text = _rendered(tmp_path / "b", with_failover)[file]
    for word in ("data_directory", "primary_conninfo", "synchronous_standby_names"):
        assert word not in text


def test_patroni_leaves_our_rules_of_who_comes_in_in_force(tmp_path: Path) -> None:
    # Without these two it names files of its own, behind ours, which demand no TLS.
    files = _rendered(tmp_path, _plans()[1])
    ours = {file: text for file, text in files.items() if file.name == "patroni.yml"}
    assert ours
    for file, text in ours.items():
        parameters = yaml.safe_load(text)["postgresql"]["parameters"]
        for kind, name in (("hba_file", "pg_hba.conf"), ("ident_file", "pg_ident.conf")):
            assert parameters[kind] == str(tmp_path / "etc" / file.with_name(name))


def _redrawn(folder: Path, old: str, new: str) -> Path:
    text = TOPOLOGY_FILE.read_text(encoding="utf-8")
    assert old in text
    file = folder / "topology.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("lease_seconds = 10", "lease_seconds = 6", "lease_seconds is 6"),
        ("retry_seconds = 3", "retry_seconds = 5", "needs up to 11 s"),
        ("silence_seconds = 5", "silence_seconds = 10", "after a promotion"),
        ('etcd = ["10.1", "10.2", "10.3"]', 'etcd = ["10.1", "10.2"]', "odd number"),
        ('etcd = ["10.1"', 'etcd = ["13.1"', "drawn at"),
    ],
)
def test_figures_that_contradict_one_another_are_refused(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(TopologyError, match=complaint):
        load_topology(_redrawn(tmp_path, old, new))


def test_failover_that_is_not_drawn_cannot_be_asked_for(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, "[ha]", "[other]")
    assert load_topology(file).failover is None
    with pytest.raises(TopologyError, match="HA=1"):
        load_topology(file, has_failover=True)


def test_three_members_wait_for_another_one_always_and_two_while_it_is_there() -> None:
    _usual, plan = _plans()
    two = plan.databases[0]
    three = replace(two, members=(*two.members, replace(two.members[1], index=3, name="third")))
    assert plan.failover is not None
    assert not shared_settings(two, plan.failover, plan.limits)["synchronous_mode_strict"]
    assert shared_settings(three, plan.failover, plan.limits)["synchronous_mode_strict"]
