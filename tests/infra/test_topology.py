"""The topology is read completely, moves to another network, and must be consistent."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.address_ranges import free_behind
from infra.plan.planning import plan_of
from infra.topology import TOPOLOGY_FILE, load_topology
from infra.topology_tables import TopologyError


def _redrawn(folder: Path, old: str, new: str) -> Path:
    text = TOPOLOGY_FILE.read_text(encoding="utf-8")
    assert old in text
    file = folder / "topology.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def test_every_address_lies_on_the_chosen_network() -> None:
    topology = load_topology(network="127.99")
    primaries = [primary for group in topology.groups.values() for primary in group.primaries]
    addresses = [s.address for primary in primaries for s in (primary.server, *primary.replicas)]
    addresses += [a for service in topology.services.values() for a in service.replicas]
    addresses += [topology.dns.address, topology.store.address, *topology.nginx.replicas]
    assert all(address.startswith("127.99.") for address in addresses)


def test_only_the_default_network_answers_on_the_usual_address() -> None:
    assert plan_of(load_topology()).public_url == "http://127.0.0.1:8080"
    assert plan_of(load_topology(network="127.99")).public_url == "http://127.99.1.1:8080"


def test_every_primary_has_a_replica() -> None:
    for group in load_topology().groups.values():
        for primary in group.primaries:
            names = [replica.name for replica in primary.replicas]
            assert names == [f"{primary.server.name}-replica"]


def test_each_of_the_three_groups_has_64_shards_on_two_primaries() -> None:
    groups = load_topology().groups.values()
    assert [(group.shard_count, len(group.primaries)) for group in groups] == [(64, 2)] * 3


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(TopologyError, match="first half of an address"):
        load_topology(network="localhost")


@pytest.mark.parametrize("network", ["10.0", "127.256", "128.0", "0.127", "999.999"])
def test_what_is_no_loopback_network_is_refused(network: str) -> None:
    with pytest.raises(TopologyError, match="is not a loopback network"):
        load_topology(network=network)


def test_a_shard_without_a_primary_is_refused(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, "shards = [32, 63]", "shards = [33, 63]")
    with pytest.raises(TopologyError, match="exactly one primary"):
        load_topology(file)


def test_a_shard_with_two_primaries_is_refused(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, "shards = [32, 63]", "shards = [31, 63]")
    with pytest.raises(TopologyError, match="exactly one primary"):
        load_topology(file)


def test_a_count_of_shards_that_is_no_power_of_two_is_refused(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, "shard_count = 64", "shard_count = 48")
    with pytest.raises(TopologyError, match="power of two"):
        load_topology(file)


def test_two_processes_at_one_address_are_refused(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, 'address = "23.1"', 'address = "13.1"')
    with pytest.raises(TopologyError, match="more than one process"):
        load_topology(file)


def test_a_service_without_a_redis_is_refused(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, "[redis.gateway]", "[redis.elsewhere]")
    with pytest.raises(TopologyError, match="needs a Redis"):
        load_topology(file)


def test_a_call_of_an_unknown_service_is_refused(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, 'calls = ["feed", "upload"]', 'calls = ["search"]')
    with pytest.raises(TopologyError, match="unknown services"):
        load_topology(file)


def test_two_servers_of_one_name_are_refused(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, 'name = "feed-b"', 'name = "users-a"')
    with pytest.raises(TopologyError, match="more than one server is called users-a"):
        load_topology(file)


@pytest.mark.parametrize("name", ["feed_b", "Feed-b", "../feed", ""])
def test_a_name_that_files_and_slots_cannot_have_is_refused(tmp_path: Path, name: str) -> None:
    file = _redrawn(tmp_path, 'name = "feed-b"', f'name = "{name}"')
    with pytest.raises(TopologyError, match="no name of a server"):
        load_topology(file)


def test_one_port_for_two_things_is_refused(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, "tls_port = 8443", "tls_port = 8080")
    with pytest.raises(TopologyError, match="twice at port 8080"):
        load_topology(file)


def test_a_second_host_is_refused_where_everything_runs_on_this_machine(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, 'names = ["local"]', 'names = ["local", "other"]')
    with pytest.raises(TopologyError, match="`make hosts` renders the files of several"):
        load_topology(file)


def test_a_picture_without_hosts_is_of_one_machine(tmp_path: Path) -> None:
    file = _redrawn(tmp_path, '[hosts]\nnames = ["local"]\n', "")
    assert load_topology(file).hosts == load_topology().hosts


@pytest.mark.parametrize(
    ("old", "new", "role"),
    [
        # Workers, another service, a Redis, a replica of Postgres and a balancer behind a role.
        ('workers = ["3.101"]', 'workers = ["3.3"]', "users"),
        ('workers = ["3.101"]', 'workers = ["3.4"]', "users"),
        ('replicas = ["5.1", "5.2"]', 'replicas = ["4.3", "4.4"]', "upload"),
        ('replicas = ["5.1", "5.2"]', 'replicas = ["4.102", "4.103"]', "upload-worker"),
        ('address = "22.1"', 'address = "2.3"', "gateway"),
        ('address = "13.11"', 'address = "5.4"', "feed"),
        ('replicas = ["1.1", "1.2"]', 'replicas = ["1.1", "5.102"]', "feed-worker"),
        ('etcd = ["10.1"', 'etcd = ["5.3"', "feed"),
        ('workers = ["5.101"]', 'workers = ["5.254"]', "feed-worker"),
    ],
)
def test_ranges_that_adjoin_are_refused(tmp_path: Path, old: str, new: str, role: str) -> None:
    with pytest.raises(TopologyError, match=rf"{role} needs \d free addresses"):
        load_topology(_redrawn(tmp_path, old, new))


@given(
    st.lists(st.integers(1, 254), min_size=2, max_size=40, unique=True),
    st.lists(st.integers(1, 6), min_size=1, max_size=12),
)
def test_no_two_roles_have_an_address_in_common(bytes_: list[int], sizes: list[int]) -> None:
    left = [f"127.99.3.{byte}" for byte in bytes_]
    everything, ranges = set(left), list[list[str]]()
    for size in sizes:
        drawn, left = left[:size], left[size:]
        if drawn:
            ranges.append(free_behind(drawn, everything))
    together = [address for free in ranges for address in free]
    assert len(together) == len(set(together))
    assert everything.isdisjoint(together)
