"""The suite of several hosts, as the machine that renders it and as each host knows it."""

from dataclasses import replace
from pathlib import Path

from infra.plan.machines import Host, Machines
from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.run_folder import REPOSITORY, RunFolder
from infra.scaling.counts import counts_of, scaled
from infra.suite import Suite
from infra.topology import TOPOLOGY_FILE, load_topology_on_hosts
from infra.topology_tables import TopologyError

# One of two may go with its host.
_AT_LEAST = 2
# Of the machine that renders: keys of the whole suite, which no host has.
HOSTS_FILE = "hosts.toml"


def plan_on_hosts(hosts_file: Path | None, topology_file: Path = TOPOLOGY_FILE) -> Plan:
    """Return the plan; services and their workers have at least two processes."""
    topology = load_topology_on_hosts(topology_file, hosts_file)
    drawn = counts_of(plan_of(replace(topology, machines=None)))
    counts = {role: max(count, _AT_LEAST) for role, count in drawn.items()}
    return plan_of(scaled(topology, counts))


def rendering_suite(
    folder: Path, hosts_file: Path | None, *, limits: str = "usual", may_make_keys: bool = True
) -> Suite:
    """Return the suite with the folder of its keys, on the machine that renders the files."""
    return Suite(
        plan=plan_on_hosts(hosts_file),
        folder=RunFolder(folder),
        decoder_python=_environments(REPOSITORY) / "venv-decoder" / "bin" / "python",
        patroni_python=_environments(REPOSITORY) / "venv-ha" / "bin" / "python",
        limits=limits,
        may_make_keys=may_make_keys,
    )


def suite_of_host(suite: Suite, host: Host) -> Suite:
    """Return the same suite as a host has it: with its folder, and its copy of the code."""
    environments = _environments(Path(machines_of(suite.plan).code))
    return replace(
        suite,
        folder=RunFolder(Path(host.folder)),
        decoder_python=environments / "venv-decoder" / "bin" / "python",
        patroni_python=environments / "venv-ha" / "bin" / "python",
        may_make_keys=False,
    )


def suite_here(folder: Path) -> Suite:
    """Return the suite on one of its hosts, from the files that were brought there."""
    return Suite(
        plan=plan_on_hosts(folder / HOSTS_FILE),
        folder=RunFolder(folder),
        decoder_python=Path(),
        may_make_keys=False,
    )


def drawing_of(hosts_file: str) -> Path:
    """Return the file that draws the hosts: the given one, else the topology's."""
    return Path(hosts_file) if hosts_file else TOPOLOGY_FILE


def machines_of(plan: Plan) -> Machines:
    """Return the machines of a plan; raises TopologyError if it is for one machine."""
    if plan.machines is None:
        raise TopologyError("this plan has no hosts")
    return plan.machines


def operating_host(plan: Plan) -> Host:
    """Return the host that runs what happens once: roles, and migrations."""
    return machines_of(plan).hosts[0]


def _environments(code: Path) -> Path:
    return code / ".run"
