"""What a host lets in and out, and which balancer's host has the floating address."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.accounts import name_for
from infra.hosts.suites import machines_of
from infra.plan.machines import Host
from infra.plan.parts import Plan
from infra.plan.reach import OPERATORS, OUTSIDE, PUBLIC, allowed, parts_of
from infra.rendering.files import render
from infra.rendering.systemd import UNIT_FOLDER
from infra.run_folder import RunFolder

_SSH_PORT = 22
KEEPALIVED_UNIT = "retrato-keepalived.service"
# The first balancer of the plan has the address while its host is well.
_FIRST_PRIORITY, _PRIORITY_STEP = 150, 10


def firewall_of(plan: Plan, host: Host) -> str:
    """Return the rules of a host for nft: other hosts reach its parts, and people its balancer."""
    machines = machines_of(plan)
    values = {
        "others": [one.address for one in machines.hosts if one != host],
        "hosts": [one.address for one in machines.hosts],
        "ssh_port": _SSH_PORT,
        "open_ports": _open_ports(plan, host),
        "inside_ports": sorted(_inside_ports(plan, host)),
        "name_ports": sorted(
            {p.port for p in plan.processes if p.kind == "dns" and p.host == host.name}
        ),
        "calls": sorted(set(_calls(plan))),
        "outside": sorted(set(_outside(plan))),
        "accounts": sorted({name for name in _accounts(plan) if name != "root"}),
        "is_balanced": machines.floating is not None and _has_balancer(plan, host),
    }
    return render("host_firewall.nft.j2", values)


def floating_files(plan: Plan, host: Host, folder: RunFolder) -> Mapping[Path, str]:
    """Return the files of keepalived by path, if the host takes part in a floating address."""
    machines = machines_of(plan)
    if machines.floating is None or not _has_balancer(plan, host):
        return {}
    balancing = [p for p in plan.processes if p.kind == "nginx"]
    number = next(n for n, process in enumerate(balancing) if process.host == host.name)
    config = folder.etc / "keepalived.conf"
    values = {
        "floating": machines.floating,
        "host": host,
        "peers": [machines.host(p.host).address for p in balancing if p.host != host.name],
        "is_first": number == 0,
        "priority": _FIRST_PRIORITY - number * _PRIORITY_STEP,
        "url": f"http://{host.address}:{plan.nginx.port}/favicon.ico",
    }
    return {
        config: render("keepalived.conf.j2", values),
        UNIT_FOLDER / KEEPALIVED_UNIT: render("keepalived.service.j2", {"config": config}),
    }


def _has_balancer(plan: Plan, host: Host) -> bool:
    return any(p.kind == "nginx" and p.host == host.name for p in plan.processes)


def _open_ports(plan: Plan, host: Host) -> list[int]:
    """Return what everybody may reach: with a public name its ports, else the balancer's own."""
    if not _has_balancer(plan, host):
        return []
    if plan.public is not None:
        return sorted({port for _address, port in plan.public.endpoints})
    return sorted({plan.nginx.port, plan.nginx.tls_port})


def _inside_ports(plan: Plan, host: Host) -> Iterator[int]:
    """Yield the ports that processes of other hosts may reach here."""
    parts = parts_of(plan)
    for one in allowed(plan):
        if one.target == OUTSIDE:
            continue
        for process in parts[one.target]:
            if process.host == host.name and one.port in {port for _at, port in process.endpoints}:
                yield one.port


def _calls(plan: Plan) -> Iterator[tuple[str, str, int]]:
    """Yield which account may connect to which address and port."""
    parts = parts_of(plan)
    for one in allowed(plan):
        if one.target == OUTSIDE or one.source in {PUBLIC, OPERATORS}:
            continue
        account = name_for(parts[one.source][0].role)
        for process in parts[one.target]:
            if one.port in {port for _at, port in process.endpoints}:
                yield account, process.address, one.port


def _outside(plan: Plan) -> Iterator[tuple[str, int]]:
    """Yield which account may ask servers of somebody else, at which port."""
    parts = parts_of(plan)
    for one in allowed(plan):
        if one.target == OUTSIDE and one.source in parts:
            yield name_for(parts[one.source][0].role), one.port


def _accounts(plan: Plan) -> Iterator[str]:
    for processes in parts_of(plan).values():
        yield name_for(processes[0].role)
