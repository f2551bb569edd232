"""A host gets the files of its own processes, and no secret that none of them has."""

import json
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.hosts.bundle import Bundle, write_bundle
from infra.hosts.deploying import pack_bundle
from infra.hosts.placing import UNITS, place, place_archive
from infra.hosts.rendering import bundle_of, operator_secrets, render_hosts, servers_from
from infra.hosts.suites import machines_of, operating_host, rendering_suite
from infra.hosts.units import STEPS, step_unit
from infra.plan.planning import plan_of
from infra.suite import Suite
from infra.topology import load_topology
from tests.infra.hosts.drawn_hosts import hosts_file, hosts_text

_FLOATING = '[hosts.floating]\naddress = "10.77.0.50/24"\ninterface = "eth0"\n'
# Members of one database have equal passwords, and etcd's root is for the operating host.
_OF_ALL = {"operator_token"}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    folder = tmp_path_factory.mktemp("hosts")
    return rendering_suite(folder / "keys", hosts_file(folder, _text()))


@pytest.fixture(scope="module")
def bundles(suite: Suite) -> dict[str, Bundle]:
    suite.folder.root.mkdir(exist_ok=True)
    return {host.name: bundle_of(suite, host, _text()) for host in machines_of(suite.plan).hosts}


def _text() -> str:
    return hosts_text(more=_FLOATING)


def _texts(bundle: Bundle) -> Iterator[tuple[str, str]]:
    return ((str(file.path), file.text) for file in bundle.files)


def test_a_host_has_no_secret_that_none_of_its_processes_has(
    suite: Suite, bundles: dict[str, Bundle]
) -> None:
    for name, bundle in bundles.items():
        mine = [process for process in suite.plan.processes if process.host == name]
        allowed = {secret for process in mine for secret in process.secrets} | _OF_ALL
        if name == operating_host(suite.plan).name:
            allowed |= set(operator_secrets(suite.plan))
        for secret in suite.plan.secrets:
            if secret.name not in allowed:
                held = [path for path, text in _texts(bundle) if suite.secrets[secret.name] in text]
                assert held == [], f"{secret.name} is on {name}"


def test_a_secret_is_read_by_its_owner_alone(suite: Suite, bundles: dict[str, Bundle]) -> None:
    values = [suite.secrets[secret.name] for secret in suite.plan.secrets]
    for bundle in bundles.values():
        for file in bundle.files:
            if any(value in file.text for value in values) or "PRIVATE KEY" in file.text:
                assert file.mode == 0o600, file.path


def test_the_authoritys_key_and_other_hosts_keys_stay_where_they_are_made(
    suite: Suite, bundles: dict[str, Bundle]
) -> None:
    authority = (suite.folder.pki / "ca.key").read_text(encoding="ascii")
    keys = {
        name: {file.path.name for file in bundle.files if file.path.suffix == ".key"}
        for name, bundle in bundles.items()
    }
    for name, bundle in bundles.items():
        assert not any(authority in file.text for file in bundle.files)
        members = {f"{one.name}.postgres.key" for one in suite.plan.members_on(name)}
        assert {key for key in keys[name] if key.endswith(".postgres.key")} == members


def test_every_file_is_below_the_hosts_folder_or_a_unit(
    suite: Suite, bundles: dict[str, Bundle]
) -> None:
    for host in machines_of(suite.plan).hosts:
        for file in bundles[host.name].files:
            assert file.path.parent == UNITS or file.path.is_relative_to(host.folder)
            rendering = str(suite.folder.root)
            assert rendering not in file.text, f"{file.path} names the folder of the keys"


def test_every_process_has_a_unit_that_its_step_wants(
    suite: Suite, bundles: dict[str, Bundle]
) -> None:
    targets = {f"WantedBy={step_unit(step)}" for step in STEPS}
    for process in suite.plan.processes:
        texts = {path.name: text for path, text in _units(bundles[process.host])}
        lines = texts[f"retrato-{process.name}.service"].splitlines()
        assert len(targets.intersection(lines)) == 1
        users = [line for line in lines if line.startswith("User=")]
        assert not any(character.isdigit() for line in users for character in line)


def _units(bundle: Bundle) -> Iterator[tuple[Path, str]]:
    return ((file.path, file.text) for file in bundle.files if file.path.parent == UNITS)


def test_postgres_and_patroni_let_in_every_host_and_nobody_else(
    suite: Suite, bundles: dict[str, Bundle]
) -> None:
    addresses = [f"{host.address}/32" for host in machines_of(suite.plan).hosts]
    for bundle in bundles.values():
        for file in bundle.files:
            if file.path.name == "pg_hba.conf":
                ranges = {line.split()[3] for line in file.text.splitlines() if "scram" in line}
                assert sorted(ranges) == addresses
            if file.path.name == "patroni.yml":
                assert f"hba_file: {file.path.with_name('pg_hba.conf')}" in file.text


def test_a_host_asks_its_own_name_server_first(suite: Suite) -> None:
    servers = suite.plan.dns.servers
    for host in machines_of(suite.plan).hosts:
        asked = servers_from(suite.plan, host)
        assert sorted(asked) == sorted(servers)
        own = [server for server in servers if server.startswith(f"{host.address}:")]
        assert asked[: len(own)] == own


def test_both_name_servers_have_one_zone(bundles: dict[str, Bundle]) -> None:
    zones = [
        text for bundle in bundles.values() for path, text in _texts(bundle) if ".zone" in path
    ]
    assert len(zones) == 2
    assert zones[0] == zones[1]


def test_a_fence_watches_the_servers_of_its_host(suite: Suite, bundles: dict[str, Bundle]) -> None:
    for name, bundle in bundles.items():
        (text,) = [text for path, text in _units(bundle) if path.name.startswith("retrato-fence")]
        for member in suite.plan.members:
            place = f"{member.address}:{member.rest_port}="
            is_here = suite.plan.process(f"postgres-{member.name}").host == name
            assert (place in text) is is_here


def test_a_firewall_lets_people_to_balancers_and_hosts_to_their_parts(
    suite: Suite, bundles: dict[str, Bundle], tmp_path: Path
) -> None:
    balanced = {process.host for process in suite.plan.processes if process.kind == "nginx"}
    for name, bundle in bundles.items():
        (rules,) = [file.text for file in bundle.files if file.path.name == "firewall.nft"]
        assert ("tcp dport { 8080, 8443 } accept" in rules) is (name in balanced)
        assert ("meta l4proto 112 accept" in rules) is (name in balanced)
        for member in suite.plan.members_on(name):
            assert str(member.port) in rules
        assert 'meta skuid "retrato-gateway" ip daddr' in rules


def test_the_floating_address_has_one_first_host(suite: Suite, bundles: dict[str, Bundle]) -> None:
    files = [f.text for b in bundles.values() for f in b.files if f.path.name == "keepalived.conf"]
    assert len(files) == 2
    assert sorted("state MASTER" in text for text in files) == [False, True]
    assert all("10.77.0.50/24 dev eth0" in text for text in files)
    balancers = [f for b in bundles.values() for f in b.files if f.path.name == "nginx-1.conf"]
    assert "listen 0.0.0.0:8080" in balancers[0].text


def test_rendering_again_changes_nothing(suite: Suite) -> None:
    first = render_hosts(suite, _text())
    before = {path: _content(path) for path in first.values()}
    assert {path: _content(path) for path in render_hosts(suite, _text()).values()} == before


def _content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_hosts_leave_the_plan_of_one_machine_as_it_is(tmp_path: Path) -> None:
    plan = plan_of(load_topology(has_failover=True))
    assert plan.machines is None
    assert {process.host for process in plan.processes} == {"local"}
    assert [one.name for one in plan.processes if one.kind == "dns"] == ["dns"]
    assert {service.worker_port for service in plan.services.values()} == {0}


def _small_bundle(tmp_path: Path, text: str, *, kept: str = "") -> Path:
    me = pwd.getpwuid(tmp_path.stat().st_uid).pw_name
    bundle = Bundle("one")
    write_bundle(bundle, tmp_path / text)
    files = [("a", text, False), ("b", kept, True)]
    folder = {"path": str(tmp_path / "host"), "owner": me, "mode": 0o700}
    listed = []
    for number, (name, content, only_if_missing) in enumerate(files):
        (tmp_path / text / f"{number:03}").write_text(content, encoding="utf-8")
        listed.append(
            {
                "source": f"{number:03}",
                "path": str(tmp_path / "host" / name),
                "owner": me,
                "mode": 0o600,
                "only_if_missing": only_if_missing,
            }
        )
    document = {"host": "one", "accounts": [me], "folders": [folder], "files": listed}
    (tmp_path / text / "bundle.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path / text


def test_placing_replaces_what_differs_and_keeps_what_is_the_hosts(tmp_path: Path) -> None:
    units, host = tmp_path / "units", tmp_path / "host"
    first = _small_bundle(tmp_path, "first", kept="from the bundle")
    assert place(first, units) == [str(host / "a"), str(host / "b")]
    assert place(first, units) == []
    (host / "b").write_text("changed on the host", encoding="utf-8")
    (units / "retrato-gone.service").write_text("[Unit]\n", encoding="utf-8")
    changed = place(_small_bundle(tmp_path, "second"), units)
    assert changed == [str(host / "a"), str(units / "retrato-gone.service")]
    assert (host / "a").read_text(encoding="utf-8") == "second"
    assert (host / "b").read_text(encoding="utf-8") == "changed on the host"
    assert not (units / "retrato-gone.service").exists()


def test_a_bundle_travels_as_an_archive_that_only_its_owner_reads(tmp_path: Path) -> None:
    archive = pack_bundle(_small_bundle(tmp_path, "first"))
    assert archive.stat().st_mode & 0o777 == 0o600
    units, host = tmp_path / "units", tmp_path / "host"
    assert place_archive(archive, units) == [str(host / "a"), str(host / "b")]
    assert place_archive(archive, units) == []


def test_the_placing_script_needs_nothing_but_the_standard_library() -> None:
    import infra.hosts.placing

    script = str(infra.hosts.placing.__file__)
    done = subprocess.run(
        ["/usr/bin/python3", "-I", "-S", script, "--help"],
        check=False,
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 0
