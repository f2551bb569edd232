"""The firewall lets in the public ports, and inside only what the plan's table allows."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from infra.plan.figures import Public
from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.plan.reach import parts_of
from infra.rendering.firewall import firewall
from infra.topology import load_topology

_LINE = re.compile(r"(?:meta skuid (\d+) )?ip daddr (\S+) .* th dport (\d+) accept")


@pytest.fixture(scope="module")
def plan() -> Plan:
    public = Public("photos.example.org", acme_email="you@example.org")
    return plan_of(replace(load_topology(is_watched=True), public=public))


class Accounts:
    """An account for each role, and root for those that stay root."""

    def __init__(self) -> None:
        self.uids: dict[str, int] = {"caretaker": 0, "backup-keeper": 0}

    def __call__(self, role: str) -> int:
        return self.uids.setdefault(role, 1000 + len(self.uids))


@pytest.fixture(scope="module")
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture(scope="module")
def rules(plan: Plan, accounts: Accounts) -> str:
    return firewall(plan, uid_of=accounts)


def _inside(rules: str) -> set[tuple[str, str, int]]:
    return {(uid, address, int(port)) for uid, address, port in _LINE.findall(rules)}


@pytest.mark.parametrize(
    ("source", "target", "may"),
    [
        ("nginx", "gateway", True),
        ("nginx", "upload", True),
        ("nginx", "postgres-users", False),
        ("nginx", "redis-gateway", False),
        ("gateway", "users", True),
        ("gateway", "redis-gateway", True),
        ("gateway", "redis-users", False),
        ("gateway", "postgres-users", False),
        ("gateway", "store", False),
        ("users", "postgres-users", True),
        ("users", "postgres-upload", False),
        ("users", "store", False),
        ("upload", "store", True),
        ("feed-worker", "postgres-feed", True),
        ("feed-worker", "postgres-users", False),
        ("ops", "prometheus", True),
        ("ops", "postgres-users", False),
        ("postgres-exporter", "postgres-feed", True),
        ("redis-exporter", "postgres-feed", False),
    ],
)
def test_a_part_reaches_what_it_needs_and_nothing_else(
    plan: Plan, rules: str, accounts: Accounts, source: str, target: str, may: bool
) -> None:
    parts = parts_of(plan)
    uid = str(accounts(parts[source][0].role))
    wanted = {(uid, address, port) for one in parts[target] for address, port in one.endpoints}
    assert bool(_inside(rules) & wanted) is may


def test_a_restore_reads_a_folder_although_backups_are_elsewhere(accounts: Accounts) -> None:
    drawn = load_topology()
    for kind in ("embedded", "external"):
        plan = plan_of(replace(drawn, backup=replace(drawn.backup, kind=kind)))
        databases = parts_of(plan)["postgres-users"][0]
        wanted = (str(accounts(databases.role)), plan.backup.address, plan.backup.port)
        assert wanted in _inside(firewall(plan, uid_of=accounts)), kind


def test_anybody_of_the_machine_reaches_the_balancers_only(plan: Plan, rules: str) -> None:
    open_ones = {address for uid, address, _port in _inside(rules) if not uid}
    assert open_ones == set(plan.nginx.replicas)


def test_from_outside_only_ssh_and_the_public_ports_are_open(rules: str) -> None:
    chain = rules.partition("chain input")[2].partition("chain forward")[0]
    assert "policy drop" in chain
    ports = [line.strip() for line in chain.splitlines() if "tcp dport" in line]
    assert ports == ["tcp dport 22 accept", "tcp dport { 80, 443 } accept"]


def test_ssh_has_the_port_that_is_drawn(plan: Plan) -> None:
    assert plan.public is not None
    moved = replace(plan, public=replace(plan.public, ssh_port=2222))
    chain = firewall(moved, uid_of=Accounts()).partition("chain forward")[0]
    assert "tcp dport 2222 accept" in chain
    assert "dport 22 " not in chain


def test_without_a_public_name_only_ssh_is_open() -> None:
    rules = firewall(plan_of(load_topology()), uid_of=Accounts())
    chain = rules.partition("chain input")[2].partition("chain forward")[0]
    assert [line.strip() for line in chain.splitlines() if "dport" in line and "tcp" in line] == [
        "tcp dport 22 accept"
    ]


def test_no_account_of_the_suite_leaves_the_machine_but_the_acme_client(
    plan: Plan, rules: str, accounts: Accounts
) -> None:
    chain = rules.partition("chain output")[2].partition("chain inside")[0]
    leaving = re.findall(r"meta skuid (\d+) tcp dport .* accept", chain)
    assert leaving == [str(accounts("acme"))]
    refused = re.search(r"meta skuid \{ (.*) \} reject", chain)
    assert refused is not None
    uids = {accounts(process.role) for process in plan.processes} - {0}
    assert {int(uid) for uid in refused[1].split(", ")} == uids


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft")
def test_the_kernel_understands_the_rules(rules: str, tmp_path: Path) -> None:
    file = tmp_path / "firewall.nft"
    file.write_text(rules)
    done = subprocess.run(
        ["unshare", "--net", "nft", "--check", "--file", str(file)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
