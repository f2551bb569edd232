"""Checks the names, addresses and ports of a topology; each fault is a sentence."""

import re
from collections.abc import Sequence
from ipaddress import ip_address

from infra.plan.figures import Failover, MailServer, Watch
from infra.topology_tables import TopologyError

_BYTE_MAX = 255
_PORT_MAX = 65_535
# The rest of a minute is for Alertmanager, and for the time that an alert must last.
_NOTICED_WITHIN_S = 50
# The name is part of the names of a file, a certificate and a slot, where - becomes _.
_NODE_NAME = re.compile(r"[a-z][a-z0-9-]*")


def check_one_machine(names: Sequence[str]) -> None:
    """Raise TopologyError if processes are drawn on other machines."""
    if len(names) != 1:
        raise TopologyError(
            f"hosts.names has {len(names)} names, and this command runs all processes on this"
            " machine: `make hosts` renders the files of several"
        )


def check_loopback(network: str) -> None:
    """Raise TopologyError unless the network is this machine's own, where all processes run."""
    first, second = network.split(".")
    if first != "127" or int(second) > _BYTE_MAX:
        raise TopologyError(
            f"network {network!r} is not a loopback network: choose one from 127.0 to 127.255"
        )


def check_node_names(names: Sequence[str]) -> None:
    """Raise TopologyError unless each Postgres server has its own, valid name."""
    wrong = [name for name in names if not _NODE_NAME.fullmatch(name)]
    if wrong:
        raise TopologyError(f"{wrong[0]!r} is no name of a server: use a-z, 0-9 and -")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise TopologyError(f"more than one server is called {', '.join(sorted(twice))}")


def check_addresses(addresses: Sequence[str]) -> None:
    """Raise TopologyError unless each process has its own address."""
    twice = {address for address in addresses if addresses.count(address) > 1}
    if twice:
        raise TopologyError(f"more than one process is drawn at {', '.join(sorted(twice))}")


def check_server(where: str, server: str) -> None:
    """Raise TopologyError unless a name server is written as address:port."""
    address, _colon, port = server.rpartition(":")
    try:
        ip_address(address)
    except ValueError:
        raise TopologyError(
            f"{where}: {server!r} is no address:port, such as 10.0.0.2:53"
        ) from None
    if not port.isdecimal() or not 0 < int(port) <= _PORT_MAX:
        raise TopologyError(f"{where}: {server!r} has no port from 1 to {_PORT_MAX}")


def check_range(role: str, last: str, free: int, wanted: int) -> None:
    """Raise TopologyError unless enough addresses behind a role's last one are free."""
    if free < wanted:
        raise TopologyError(
            f"{role} needs {wanted} free addresses behind {last} to grow, and has {free}: draw what"
            " follows farther away"
        )


def check_ports(ports: Sequence[int | None]) -> None:
    """Raise TopologyError unless the ports of a balancer that are set differ."""
    twice = {port for port in ports if port is not None and ports.count(port) > 1}
    if twice:
        raise TopologyError(f"nginx listens twice at port {min(twice)}")


def check_watch(watch: Watch | None) -> None:
    """Raise TopologyError unless a fault that pages somebody is seen twice within a minute."""
    if watch is None:
        return
    slowest_s = 2 * watch.scrape_seconds + 2 * watch.evaluate_seconds
    if slowest_s > _NOTICED_WITHIN_S:
        raise TopologyError(
            f"watch: two scrapes and two evaluations take {slowest_s} s, so that nobody is paged"
            f" within a minute: they may take {_NOTICED_WITHIN_S} s"
        )
    for name in ("webhook", "heartbeat"):
        url = getattr(watch, name)
        if url and not url.startswith(("http://", "https://")):
            raise TopologyError(f"alerts.{name} is no URL: {url!r}")
    if not isinstance(watch.unheard, bool):
        raise TopologyError("alerts.unheard is true or false")


def check_mail(mail: MailServer) -> None:
    """Raise TopologyError unless messages can be sent as drawn."""
    if mail.security not in {"tls", "starttls", "none"}:
        raise TopologyError(f"mail.security {mail.security!r} is not tls, starttls or none")
    if mail.user and mail.security == "none":
        raise TopologyError("mail.user has a password, which mail.security none would show")
    if mail.link_url and not mail.link_url.startswith(("http://", "https://")):
        raise TopologyError(f"mail.link_url is no URL: {mail.link_url!r}")


def check_failover(failover: Failover) -> None:
    """Raise TopologyError unless a leader can renew its lease in time, and etcd has a majority."""
    renewal_s = failover.loop_seconds + 2 * failover.retry_seconds
    if renewal_s > failover.lease_seconds:
        raise TopologyError(
            f"ha.lease_seconds is {failover.lease_seconds}, and a leader needs up to {renewal_s} s"
            " to renew its lease: loop_seconds and two times retry_seconds"
        )
    if failover.silence_seconds >= failover.lease_seconds:
        raise TopologyError(
            "ha.silence_seconds is not below ha.lease_seconds: a fence would act after a promotion"
        )
    if len(failover.etcd) % 2 == 0 or len(failover.etcd) < 3:
        raise TopologyError("ha.etcd has an odd number of addresses, at least three")
