"""Topologies of several hosts for tests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.topology import load_topology_on_hosts

THREE = ("one", "two", "three")


def hosts_text(
    names: Sequence[str] = THREE, *, network: str = "10.77.0", more: str = "", own: str = ""
) -> str:
    """Return the table [hosts] with an address for each name, `more` behind it.

    `own` are lines of every host, in which {name} stands for its name.
    """
    listed = ", ".join(f'"{name}"' for name in names)
    tables = "".join(
        f'[hosts.{name}]\naddress = "{network}.{number}"\n{own.format(name=name)}'
        for number, name in enumerate(names, 1)
    )
    return f"[hosts]\nnames = [{listed}]\n{tables}{more}"


def hosts_file(folder: Path, text: str = "") -> Path:
    """Write the table of hosts into a file of the folder; else that of three hosts."""
    file = folder / "hosts.toml"
    file.write_text(text or hosts_text(), encoding="utf-8")
    return file


def plan_on_hosts(folder: Path, text: str = "") -> Plan:
    """Return the plan of the topology on the hosts that the text draws."""
    return plan_of(load_topology_on_hosts(hosts_file=hosts_file(folder, text)))


def tables_of(names: Sequence[str], placed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the table [hosts] as TOML reads it."""
    hosts = {name: {"address": f"10.77.0.{n}"} for n, name in enumerate(names, 1)}
    return {"names": list(names), "placed": dict(placed or {}), **hosts}
