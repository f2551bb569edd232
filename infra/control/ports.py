"""Finds which processes hold an address, so that a busy one gives a clear message."""

import contextlib
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.control.failures import SuiteFailure

_LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp
# Sockets on all addresses, of IPv4 and of IPv6.
EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - how the kernel writes it


_SAID_MAX = 5


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening TCP socket and its processes, none if this user may not see them."""

    address: str
    port: int
    pids: frozenset[int]

    def __str__(self) -> str:
        # Children inherit a listening socket, so the oldest process is named.
        oldest = min(self.pids, default=None)
        holder = "another program" if oldest is None else f"{_command(oldest)} (pid {oldest})"
        return f"{self.address}:{self.port} is held by {holder}"


def require_free(endpoints: Iterable[tuple[str, int]]) -> None:
    """Raise SuiteFailure with the programs that hold any of the addresses."""
    busy = [endpoint for endpoint in sorted(endpoints) if not _can_listen(*endpoint)]
    if not busy:
        return
    listeners = list(listeners_at(busy))
    seen = {held.address for held in listeners}
    said = [str(held) for held in listeners] + [
        f"{address}:{port} cannot be used"
        for address, port in busy
        if not seen & {address, *EVERY_ADDRESS}
    ]
    more = f"\n  and {len(said) - _SAID_MAX} more" if len(said) > _SAID_MAX else ""
    raise SuiteFailure(
        "Some addresses are not free:\n  "
        + "\n  ".join(said[:_SAID_MAX])
        + more
        + "\nStop that program, or choose another network: RETRATO_NET=127.30 make up"
    )


def listeners_at(endpoints: Iterable[tuple[str, int]]) -> Iterator[Listener]:
    """Yield the listening sockets at these addresses, including sockets on all addresses."""
    wanted = set(endpoints)
    ports = {port for _address, port in wanted}
    found = [
        (address, port, inode)
        for address, port, inode in _listening_sockets()
        if (address, port) in wanted
        # A socket on all addresses of IPv6 may take those of IPv4 too.
        or (address in EVERY_ADDRESS and port in ports)
    ]
    if found:
        holders = _holders({inode for _address, _port, inode in found})
        for address, port, inode in found:
            yield Listener(address, port, frozenset(holders[inode]))


def listening_ports_of(pids: Iterable[int]) -> set[int]:
    """Return the ports at which any of these processes listens."""
    sockets = list(_listening_sockets())
    holders = _holders({inode for _address, _port, inode in sockets})
    wanted = set(pids)
    return {port for _address, port, inode in sockets if holders[inode] & wanted}


def _can_listen(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        # Connections of an earlier run in TIME_WAIT do not matter.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            attempt.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            attempt.bind((address, port))
            attempt.listen(1)
        except OSError:
            return False
    return True


def _listening_sockets() -> Iterator[tuple[str, int, str]]:
    for family, table in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        file = Path("/proc/net") / table
        # A kernel without IPv6 has no such table.
        for line in file.read_text(encoding="ascii").splitlines()[1:] if file.exists() else ():
            fields = line.split()
            if fields[3] == _LISTENING:
                raw_address, raw_port = fields[1].split(":")
                yield _address(family, raw_address), int(raw_port, 16), fields[9]


def _address(family: socket.AddressFamily, raw: str) -> str:
    """Return an address as people write it; the kernel writes words of four bytes."""
    words = bytes.fromhex(raw)
    turned = b"".join(words[start : start + 4][::-1] for start in range(0, len(words), 4))
    return socket.inet_ntop(family, turned)


def _holders(inodes: set[str]) -> dict[str, set[int]]:
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[str, set[int]] = {inode: set() for inode in inodes}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        # A process may end meanwhile, and other users' processes are unreadable.
        with contextlib.suppress(OSError):
            for descriptor in folder.iterdir():
                with contextlib.suppress(OSError):
                    inode = wanted.get(str(descriptor.readlink()))
                    if inode is not None:
                        found[inode].add(int(folder.parent.name))
    return found


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "a process that has just ended"
    return " ".join(b" ".join(words).decode(errors="replace").split())[:80]
