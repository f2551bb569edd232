"""Faults of the table [hosts] are sentences, and one machine knows nothing of it."""

from pathlib import Path

import pytest

from infra.plan.planning import plan_of
from infra.topology import TOPOLOGY_FILE, load_topology, load_topology_on_hosts
from infra.topology_tables import TopologyError
from tests.infra.hosts.drawn_hosts import hosts_file, hosts_text, plan_on_hosts


def test_the_drawn_suite_has_one_machine() -> None:
    plan = plan_of(load_topology())
    assert plan.machines is None
    assert plan.client_networks == (plan.client_network,)
    assert {process.host for process in plan.processes} == {"local"}


def test_one_machine_refuses_a_topology_of_several(tmp_path: Path) -> None:
    text = TOPOLOGY_FILE.read_text(encoding="utf-8")
    drawn = tmp_path / "topology.toml"
    drawn.write_text(text.replace('[hosts]\nnames = ["local"]\n', hosts_text()), encoding="utf-8")
    with pytest.raises(TopologyError, match="this command runs all processes on this machine"):
        load_topology(drawn)
    assert plan_of(load_topology_on_hosts(drawn)).hosts == ("one", "two", "three")


def test_a_topology_of_one_machine_has_no_hosts_to_render() -> None:
    with pytest.raises(TopologyError, match="`make up` starts a suite on one machine"):
        load_topology_on_hosts()


def test_only_hosts_are_clients(tmp_path: Path) -> None:
    plan = plan_on_hosts(tmp_path)
    assert plan.client_networks == ("10.77.0.1/32", "10.77.0.2/32", "10.77.0.3/32")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('address = "10.77.0.2"', 'address = "10.77.0.1"', "one and two have one address"),
        ('address = "10.77.0.2"', 'address = "ten"', "hosts.two.address: 'ten' is no address"),
        ('address = "10.77.0.2"', 'address = "127.0.0.2"', "other hosts cannot reach 127.0.0.2"),
        ('address = "10.77.0.2"', 'address = "::1"', "is no address"),
        ('address = "10.77.0.2"', 'adress = "10.77.0.2"', "lacks 'address'"),
        ("[hosts.two]", "[hosts.twoo]", "hosts.twoo is drawn, and hosts.names lacks it"),
        ('"two", ', '"one", ', "hosts.two is drawn, and hosts.names lacks it"),
        ('"two"', '"one", "two"', "hosts.names has 'one' twice"),
        ("[hosts.two]", '[hosts.two]\nfolder = "data"', "is no folder of its own"),
        ("[hosts.two]", '[hosts.two]\nfolder = "/data/../.."', "is no folder of its own"),
        ("[hosts.one]", 'code = "/"\n[hosts.one]', "hosts.code: '/' is no folder"),
        (
            "[hosts.one]",
            '[hosts.floating]\naddress = "10.77.0.9"\ninterface = "eth0"\n[hosts.one]',
            "lacks the length of its network",
        ),
    ],
)
def test_each_fault_of_the_table_is_a_sentence(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    assert old in hosts_text()
    with pytest.raises(TopologyError, match=sentence):
        load_topology_on_hosts(hosts_file=hosts_file(tmp_path, hosts_text().replace(old, new, 1)))


def test_an_authority_that_asks_one_machine_is_refused(tmp_path: Path) -> None:
    text = TOPOLOGY_FILE.read_text(encoding="utf-8")
    drawn = tmp_path / "topology.toml"
    drawn.write_text(
        text + '[public]\ndomain = "photos.example.org"\nacme_email = "you@example.org"\n',
        encoding="utf-8",
    )
    with pytest.raises(TopologyError, match="with several hosts use files"):
        plan_of(load_topology_on_hosts(drawn, hosts_file(tmp_path)))
