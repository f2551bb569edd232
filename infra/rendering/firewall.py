"""Renders the firewall of one machine: from outside the public ports, inside the plan's table."""

from collections.abc import Callable, Iterator, Mapping

from infra.accounts import account_for
from infra.plan.parts import Plan, PlannedProcess
from infra.plan.reach import OPERATORS, OUTSIDE, PUBLIC, Allowed, allowed, databases_of, parts_of
from infra.rendering.files import render

# The ACME client is no process of the plan: the caretaker starts it.
ACME = "acme"
_HTTP = (80, 443)
_NAMES_PORT = 53
_SSH_PORT = 22
UidOf = Callable[[str], int]


def firewall(plan: Plan, *, uid_of: UidOf | None = None) -> str:
    """Return the rules for nft; `uid_of` gives the account of a role."""
    uid_of = uid_of or (lambda role: account_for(role).uid)
    parts = parts_of(plan)
    uids = {part: uid_of(processes[0].role) for part, processes in parts.items()}
    values = {
        "network": f"{plan.network}.0.0/16",
        "ssh_port": ssh_port_of(plan),
        "open_ports": sorted({one.port for one in _from_outside(plan)}),
        "inside": sorted(set(_inside(plan, parts, uids))),
        "outside": sorted({(uids[one.source], one.port) for one in _to_outside(plan, uids)}),
        "acme": uid_of(ACME) if plan.public and plan.public.certificate == "acme" else None,
        "http": _HTTP,
        "names_port": _NAMES_PORT,
        "uids": sorted({uid for uid in uids.values() if uid} | {uid_of("nginx")}),
    }
    return render("firewall.nft.j2", values)


def ssh_port_of(plan: Plan) -> int:
    """Return the port at which operators come."""
    return plan.public.ssh_port if plan.public else _SSH_PORT


def _from_outside(plan: Plan) -> Iterator[Allowed]:
    """Yield what people may reach: of a public name its ports, and not those inside."""
    ours = {port for _address, port in plan.public.endpoints} if plan.public else set()
    for one in allowed(plan):
        is_proxied = bool(one.networks)
        if one.source == PUBLIC and (one.port in ours or is_proxied):
            yield one


def _to_outside(plan: Plan, uids: Mapping[str, int]) -> Iterator[Allowed]:
    """Yield what parts with an account ask of servers of somebody else; root may ask anybody."""
    for one in allowed(plan):
        if one.target == OUTSIDE and uids.get(one.source):
            yield one


def _inside(
    plan: Plan, parts: Mapping[str, tuple[PlannedProcess, ...]], uids: Mapping[str, int]
) -> Iterator[tuple[str, str, int]]:
    """Yield who may connect to which address and port: "" is anybody of this machine."""
    for group in plan.own_groups:
        # A restore from a folder serves it here, also if the suite's own backups are elsewhere.
        yield str(uids[databases_of(group)]), plan.backup.address, plan.backup.port
    for one in allowed(plan):
        if one.target == OUTSIDE or one.source == OPERATORS:
            continue
        source = "" if one.source == PUBLIC else str(uids[one.source])
        if source == "0":
            continue
        for process in parts[one.target]:
            if (process.address, one.port) in process.endpoints:
                yield source, process.address, one.port
