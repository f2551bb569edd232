"""Renders the bundle of every host from the plan, the suite's secrets and its authority."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from infra.accounts import accounts_of_another_machine
from infra.code_place import code_folder
from infra.code_version import code_version
from infra.elsewhere.authorities import authority_text, given_authorities
from infra.hosts.bundle import PASSABLE, PRIVATE, READABLE, ROOT_ROLE, Bundle, write_bundle
from infra.hosts.engines import Bringing, bring_engine
from infra.hosts.guarding import firewall_of, floating_files
from infra.hosts.suites import HOSTS_FILE, machines_of, operating_host, suite_of_host
from infra.hosts.units import host_units
from infra.plan.machines import Host
from infra.plan.parts import Plan, PlannedService, ShardGroup
from infra.plan.secret_names import (
    FAILOVER_SECRETS,
    FOR_OPERATORS,
    owner_password,
    runtime_password,
)
from infra.process import Process
from infra.processes import processes_of
from infra.rendering.data_variables import redis_url
from infra.rendering.environment import environment_text
from infra.rendering.live import LIVE_FILE_MODE, live_text
from infra.rendering.places import Places
from infra.rendering.shard_maps import SHARD_MAP_MODE, shard_map_document
from infra.rendering.systemd import FIREWALL, UNIT_FOLDER, firewall_unit
from infra.run_folder import LOG_FOLDER_MODE, REPOSITORY, RunFolder
from infra.scaling.switches import Switches
from infra.secret_values import SUPERUSER, login_entry
from infra.suite import Suite


def render_hosts(suite: Suite, hosts_text: str) -> dict[str, Path]:
    """Write the bundles below the suite's folder; returns the folder of each by host.

    `hosts_text` is the drawing of the hosts, which the operating host reads when it starts.
    """
    suite.folder.root.mkdir(parents=True, exist_ok=True)
    suite.folder.root.chmod(0o700)
    written = {}
    for host in machines_of(suite.plan).hosts:
        place = suite.folder.root / "bundles" / host.name
        draft = place.with_name(f".{host.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        write_bundle(bundle_of(suite, host, hosts_text), draft)
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)
        written[host.name] = place
    return written


def bundle_of(suite: Suite, host: Host, hosts_text: str) -> Bundle:
    """Return all that a host gets; certificates are made below the suite's own folder."""
    bundle, there = Bundle(host.name), suite_of_host(suite, host)
    bringing = Bringing(suite, there.folder, bundle)
    with accounts_of_another_machine():
        _base(bringing)
        here = [process for process in suite.plan.processes if process.host == host.name]
        for process in here:
            bring_engine(bringing, process)
        for role in dict.fromkeys(p.role for p in here if p.service in suite.plan.services):
            _bring_role(bringing, role, _places(bringing, there, host))
        processes = processes_on(there, host)
        for name, text in host_units(processes, there.folder).items():
            bundle.file(UNIT_FOLDER / name, text, ROOT_ROLE, READABLE)
        for path, text in floating_files(suite.plan, host, there.folder).items():
            bundle.file(path, text, ROOT_ROLE, READABLE)
        if host == operating_host(suite.plan):
            _bring_operator(bringing, hosts_text)
        rules = there.folder.etc / "firewall.nft"
        bundle.file(rules, firewall_of(suite.plan, host), ROOT_ROLE)
        bundle.file(UNIT_FOLDER / FIREWALL, firewall_unit(rules), ROOT_ROLE, READABLE)
    return bundle


def processes_on(there: Suite, host: Host) -> tuple[Process, ...]:
    """Return the processes of a host with the paths that they have there."""
    code = machines_of(there.plan).code
    found = (process for process in processes_of(there) if process.planned.host == host.name)
    return tuple(_relocated(process, there.folder, code) for process in found)


def _relocated(process: Process, folder: RunFolder, code: str) -> Process:
    """Return a process whose interpreter and code are where the host has them."""
    here = {
        str(Path(sys.executable).parent): f"{code}/.run/venv/bin",
        str(code_folder(folder)): code,
        str(REPOSITORY): code,
    }

    def moved(word: str) -> str:
        for old, new in here.items():
            if word == old or word.startswith(f"{old}/"):
                return new + word.removeprefix(old)
        return word

    return replace(
        process,
        command=tuple(moved(word) for word in process.command),
        directory=Path(moved(str(process.directory))),
    )


def _base(bringing: Bringing) -> None:
    folder, bundle, plan = bringing.folder, bringing.bundle, bringing.plan
    bundle.folder(folder.root, ROOT_ROLE, PASSABLE)
    for path in (folder.data, folder.etc, folder.pki, folder.traces, folder.shard_maps):
        bundle.folder(path, ROOT_ROLE, PASSABLE)
    bundle.folder(folder.log, ROOT_ROLE, LOG_FOLDER_MODE)
    ca_text = bringing.suite.authority.certificate_file.read_text(encoding="ascii")
    bundle.file(folder.pki / "ca.crt", ca_text, ROOT_ROLE, READABLE)
    bundle.folder(_authorities(folder), ROOT_ROLE, PASSABLE)
    for part in given_authorities(plan):
        file = _authorities(folder) / f"{part}.crt"
        bundle.file(file, authority_text(plan, part), ROOT_ROLE, READABLE)
    bundle.file(folder.live_file, live_text(plan, Switches()), ROOT_ROLE, LIVE_FILE_MODE)


def _authorities(folder: RunFolder) -> Path:
    """Return the folder of the authorities of what somebody else runs."""
    return folder.etc / "authorities"


def _bring_role(bringing: Bringing, role: str, places: Places) -> None:
    folder, bundle, plan = bringing.folder, bringing.bundle, bringing.plan
    service = plan.services[role.removesuffix("-worker")]
    text = environment_text(plan, service.name, role, places)
    bundle.file(folder.environment(role), text, role)
    bundle.folder(folder.traces / role, role)
    pair = bringing.suite.authority.server_pair(role, _role_hosts(service, role))
    bundle.pair(pair.certificate, pair.key, role, folder.pki)
    if service.name in plan.groups:
        _bring_map(bringing, plan.groups[service.name])


def _role_hosts(service: PlannedService, role: str) -> tuple[str, ...]:
    return (service.host, *(service.replicas if role == service.name else service.workers))


def _bring_map(bringing: Bringing, group: ShardGroup) -> None:
    path = bringing.folder.shard_map(group.name)
    if any(file.path == path for file in bringing.bundle.files):
        return
    homes = [
        database.name
        for database in group.databases
        for _shard in range(database.first_shard, database.last_shard + 1)
    ]
    text = json.dumps(shard_map_document(group, homes, 1, elects=True), indent=1) + "\n"
    bringing.bundle.file(path, text, ROOT_ROLE, SHARD_MAP_MODE)


def _places(bringing: Bringing, there: Suite, host: Host) -> Places:
    """Return where a host has what a service needs."""
    plan, folder, secrets = bringing.plan, bringing.folder, bringing.suite.secrets
    balancers = plan.internal_name("nginx")
    has_store = any(p.name == "store" and p.host == host.name for p in plan.processes)
    return Places(
        ca_file=str(folder.pki / "ca.crt"),
        certificate=lambda role: (str(folder.pki / f"{role}.crt"), str(folder.pki / f"{role}.key")),
        shard_map=lambda group: str(folder.shard_map(group)),
        traces=lambda role: str(folder.traces / role),
        url=lambda name: f"https://{plan.services[name].host}:{plan.services[name].port}",
        redis_url=lambda name: redis_url(plan, name, secrets),
        live_file=str(folder.live_file),
        # Elsewhere nobody of ours can flush what the store acknowledged.
        store_folder=str(folder.store) if has_store else "",
        decoder_python=str(there.decoder_python),
        other_authority=lambda part: str(_authorities(folder) / f"{part}.crt"),
        dns_servers=",".join(servers_from(plan, host)),
        dns_zone=plan.dns.asked_zone,
        media_caches_url=f"https://{balancers.host}:{balancers.port}",
        public_url=public_url(plan),
        secrets=secrets,
        revision=code_version().revision,
        limits_factor=bringing.suite.limits_factor,
    )


def servers_from(plan: Plan, host: Host) -> list[str]:
    """Return the name servers in the order in which a host asks them: its own one first."""
    return sorted(plan.dns.servers, key=lambda server: not server.startswith(f"{host.address}:"))


def public_url(plan: Plan) -> str:
    """Return the URL of the suite for clients: the public name, else a balancer's address."""
    floating = machines_of(plan).floating
    if plan.public is None and floating is not None:
        return f"http://{floating.address.partition('/')[0]}:{plan.nginx.port}"
    return plan.public_url


def operator_secrets(plan: Plan) -> tuple[str, ...]:
    """Return the names of the secrets with which databases are prepared and migrated."""
    groups = [
        name for group in plan.groups for name in (owner_password(group), runtime_password(group))
    ]
    return (SUPERUSER, "postgres_replication", FOR_OPERATORS, *FAILOVER_SECRETS, *groups)


def _bring_operator(bringing: Bringing, hosts_text: str) -> None:
    """Add what the first host needs to do for all: who may enter databases, and their tables."""
    folder, bundle, plan = bringing.folder, bringing.bundle, bringing.plan
    secrets = bringing.suite.secrets
    values = {name: secrets[name] for name in operator_secrets(plan)}
    values |= {login_entry(group): secrets.login_of(group) for group in plan.groups}
    bundle.file(folder.secrets_file, json.dumps(values, indent=1) + "\n", ROOT_ROLE, PRIVATE)
    bundle.file(folder.root / HOSTS_FILE, hosts_text, ROOT_ROLE, READABLE)
    for group in plan.groups.values():
        _bring_map(bringing, group)
