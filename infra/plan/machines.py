"""The machines of a suite on several hosts, as the topology draws them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Host:
    """One machine: the address at which the others reach it; balancers also listen at IPv6."""

    name: str
    address: str
    address6: str = ""
    # Where it keeps data, logs and rendered files.
    folder: str = "/var/lib/retrato"


@dataclass(frozen=True, slots=True)
class FloatingAddress:
    """An address that one balancer's host has at a time, and the network card that gets it."""

    address: str  # with the length of its network, such as 192.0.2.10/24
    interface: str
    router_id: int = 77  # of VRRP; two suites of one network need different ones


@dataclass(frozen=True, slots=True)
class Machines:
    """All hosts in their order; `placed` names the host of processes that have no choice."""

    hosts: tuple[Host, ...]
    placed: Mapping[str, str] = field(default_factory=dict)
    code: str = "/opt/retrato"  # of each host
    floating: FloatingAddress | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the hosts."""
        return tuple(host.name for host in self.hosts)

    @property
    def networks(self) -> tuple[str, ...]:
        """The hosts as networks: nobody else may use the databases and the internal pages."""
        return tuple(f"{host.address}/32" for host in self.hosts)

    def host(self, name: str) -> Host:
        """Return the host with that name."""
        return next(host for host in self.hosts if host.name == name)
