"""Reads the hosts of a topology; each fault is a sentence."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_interface
from pathlib import PurePosixPath
from typing import Any

from infra.plan.machines import FloatingAddress, Host, Machines
from infra.topology_tables import TopologyError

# It names a folder of bundles, and a file of facts.
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_OWN_KEYS = frozenset({"names", "placed", "code", "floating"})


def machines_of(table: Mapping[str, Any]) -> Machines | None:
    """Return the machines of the table [hosts]; None if all processes run on this machine."""
    names = table["names"]
    strangers = sorted(set(table) - _OWN_KEYS - set(names))
    if strangers:
        raise TopologyError(f"hosts.{strangers[0]} is drawn, and hosts.names lacks it")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise TopologyError(
            f"hosts.names has {twice[0]!r} twice" if twice else "hosts.names is empty"
        )
    if len(names) == 1 and names[0] not in table:
        return None
    hosts = tuple(_host(name, table) for name in names)
    _check_addresses(hosts)
    floating = table.get("floating")
    machines = Machines(
        hosts=hosts,
        placed=dict(table.get("placed", {})),
        floating=_floating(floating) if floating else None,
    )
    return machines if "code" not in table else _with_code(machines, table["code"])


def _with_code(machines: Machines, code: str) -> Machines:
    return Machines(machines.hosts, machines.placed, _folder("hosts.code", code), machines.floating)


def _host(name: str, table: Mapping[str, Any]) -> Host:
    if not _NAME.fullmatch(name) or name in _OWN_KEYS:
        raise TopologyError(f"{name!r} is no name of a host: use a-z, 0-9 and -")
    if name not in table:
        raise TopologyError(f"hosts.{name} is not drawn: each of several hosts has an address")
    drawn = table[name]
    host = Host(
        name=name,
        address=_address(f"hosts.{name}.address", drawn["address"], IPv4Address),
        address6=_address(f"hosts.{name}.address6", drawn["address6"], IPv6Address)
        if "address6" in drawn
        else "",
    )
    if "folder" not in drawn:
        return host
    folder = _folder(f"hosts.{name}.folder", drawn["folder"])
    return Host(host.name, host.address, host.address6, folder)


def _address(where: str, given: str, kind: type[IPv4Address | IPv6Address]) -> str:
    try:
        address = kind(given)
    except ValueError as error:
        raise TopologyError(f"{where}: {given!r} is no address: {error}") from error
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        raise TopologyError(f"{where}: other hosts cannot reach {given}")
    return str(address)


def _check_addresses(hosts: tuple[Host, ...]) -> None:
    used: dict[str, str] = {}
    for host in hosts:
        for address in filter(None, (host.address, host.address6)):
            if address in used:
                raise TopologyError(f"{used[address]} and {host.name} have one address: {address}")
            used[address] = host.name


def _folder(where: str, given: str) -> str:
    path = PurePosixPath(given)
    if not path.is_absolute() or ".." in path.parts or len(path.parts) < 3:
        raise TopologyError(f"{where}: {given!r} is no folder of its own, such as /var/lib/retrato")
    return str(path)


def _floating(drawn: Mapping[str, Any]) -> FloatingAddress:
    try:
        interface = ip_interface(drawn["address"])
    except ValueError as error:
        raise TopologyError(f"hosts.floating.address: {error}") from error
    if "/" not in drawn["address"]:
        raise TopologyError("hosts.floating.address lacks the length of its network, such as /24")
    found = FloatingAddress(str(interface), drawn["interface"], drawn.get("router_id", 77))
    if not 1 <= found.router_id <= 255:
        raise TopologyError("hosts.floating.router_id is a number from 1 to 255")
    return found
