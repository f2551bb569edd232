"""Cuts processes of one machine off from one another, as a broken network does.

All servers of a suite are on loopback, and a client's end of a connection has no address of its
own. So processes are told apart by a class of the kernel (net_cls), and a packet filter drops what
goes from one class to the servers of the other.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from infra.control.failures import SuiteFailure

# The kernel itself ends a cut after this time, if nobody is left to do so.
EXPIRES_S = 180
# How soon a process that was started meanwhile gets the class of the side to which it belongs.
_SWEEP_S = 1.0
_COMMAND_S = 10.0
_NEAR, _FAR, _ASIDE = "near", "far", "aside"
_CLASS_NUMBER = {_NEAR: 1, _FAR: 2, _ASIDE: 3}


class CutRefused(SuiteFailure):
    """This machine does not let us cut; the message says why."""


@dataclass(frozen=True, slots=True)
class Side:
    """Processes on one side of a cut: where they listen, and how to find those that run now."""

    addresses: tuple[str, ...]
    pids: Callable[[], Sequence[int]]


NOBODY = Side((), lambda: ())
Sides = Mapping[str, Side]


class Way(NamedTuple):
    """One direction of a connection: from address and port, to address and port."""

    source: str
    source_port: int
    target: str
    target_port: int


@dataclass(frozen=True, slots=True)
class Socket:
    """A line of the kernel's table of connections, and the socket behind it (0: nobody's)."""

    way: Way
    inode: int


def inodes_of_processes(pids: Sequence[int]) -> set[int]:
    """Return the numbers of all sockets that these processes hold."""
    found = set()
    for pid in pids:
        with suppress(OSError):
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    name = str(Path(entry.path).readlink())
                    if name.startswith("socket:["):
                        found.add(int(name[8:-1]))
    return found


class Network:
    """The packet filter and the classes of one suite, named after its network."""

    def __init__(self, network: str) -> None:
        first, second = (int(part) for part in network.split("."))
        self._table = f"retrato_cut_{first}_{second}"
        self._label = f"retrato-{network}"
        self._major = first << 8 | second
        # The classes of all suites are one tree, whose place we choose.
        self._mount = Path(f"/run/{self._label}-classes")

    def why_not(self) -> str:
        """Return why nothing can be cut here, or "" after all that is needed was tried."""
        if os.geteuid() != 0:
            return "it needs root"
        if shutil.which("nft") is None:
            return "it needs nft"
        try:
            self._make_classes()
            _run("nft", "-f", "-", given=self._rules((), (), is_total=True))
        except CutRefused as refused:
            return str(refused)
        finally:
            self.clear()
        return ""

    def clear(self) -> None:
        """Remove the rules and classes of an earlier cut, also of a run that was killed."""
        if os.geteuid() != 0:
            return
        with suppress(CutRefused):
            _run("nft", "delete", "table", "inet", self._table)
        if not os.path.ismount(self._mount):
            return
        for name in _CLASS_NUMBER:
            folder = self._class(name)
            if folder.exists():
                for pid in _pids_in(folder):
                    _put(pid, self._mount)
                with suppress(OSError):  # A process has just been forked: the next call removes it.
                    folder.rmdir()
        with suppress(CutRefused):
            _run("umount", str(self._mount))
            self._mount.rmdir()

    @asynccontextmanager
    async def cut(
        self, near: Side, far: Side, aside: Side = NOBODY, *, is_total: bool = False
    ) -> AsyncIterator[None]:
        """Drop all packets between two sides during the block.

        With `is_total` only those `aside` reach `near`; `far` are then all whom it might call.
        """
        sides = {_NEAR: near, _FAR: far, _ASIDE: aside}
        sweeping: asyncio.Task[None] | None = None
        try:
            await asyncio.to_thread(self._begin, sides, is_total)
            sweeping = asyncio.create_task(self._sweep(sides))
            yield
        finally:
            if sweeping is not None:
                sweeping.cancel()
                await asyncio.gather(sweeping, return_exceptions=True)
            self.clear()

    def _begin(self, sides: Sides, is_total: bool) -> None:
        self.clear()
        self._make_classes()
        self._classify(sides)
        addresses = (sides[_NEAR].addresses, sides[_FAR].addresses)
        _run("nft", "-f", "-", given=self._rules(*addresses, is_total=is_total))
        # A process that was forked meanwhile, and what was already open before the rules.
        self._classify(sides)
        ways = list(open_ways(sockets(), sides, is_total=is_total))
        if ways:
            _run("nft", "-f", "-", given=f"add element inet {self._table} open {_set_of(ways)}\n")

    async def _sweep(self, sides: Sides) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            await asyncio.to_thread(self._classify, sides)

    def _make_classes(self) -> None:
        if not os.path.ismount(self._mount):
            self._mount.mkdir(exist_ok=True)
            _run("mount", "-t", "cgroup", "-o", "net_cls", "none", str(self._mount))
        for name in _CLASS_NUMBER:
            self._class(name).mkdir(exist_ok=True)
            (self._class(name) / "net_cls.classid").write_text(f"{self._number(name)}\n", "ascii")

    def _classify(self, sides: Sides) -> None:
        for name, side in sides.items():
            for pid in side.pids():
                _put(pid, self._class(name))

    def _class(self, name: str) -> Path:
        return self._mount / f"{self._label}-{name}"

    def _number(self, name: str) -> int:
        return self._major << 16 | _CLASS_NUMBER[name]

    def _rules(self, near: Sequence[str], far: Sequence[str], *, is_total: bool) -> str:
        caller = "!= " + str(self._number(_NEAR)) if is_total else str(self._number(_FAR))
        way = "ipv4_addr . inet_service . ipv4_addr . inet_service"
        return f"""
table inet {self._table}
delete table inet {self._table}
table inet {self._table} {{
    set near {{ type ipv4_addr; flags timeout; {_elements(near)} }}
    set far {{ type ipv4_addr; flags timeout; {_elements(far)} }}
    set open {{ type {way}; flags timeout; }}
    chain output {{
        type filter hook output priority filter; policy accept;
        meta cgroup {self._number(_ASIDE)} accept
        ip daddr @far meta cgroup {self._number(_NEAR)} counter drop
        ip daddr @near meta cgroup {caller} counter drop
        ip saddr . tcp sport . ip daddr . tcp dport @open counter drop
    }}
}}
"""


def open_ways(
    table: Sequence[Socket],
    sides: Sides,
    *,
    is_total: bool,
    inodes_of: Callable[[Sequence[int]], set[int]] = inodes_of_processes,
) -> Iterator[Way]:
    """Yield the ways from servers to clients of connections that exist and cross the cut.

    A client's packets are known by its class. A server's reply is not, because an address of ours
    says nothing about a client.
    """
    owners = {one.way: one.inode for one in table}
    inodes = {name: inodes_of(side.pids()) for name, side in sides.items()}
    kept = inodes[_NEAR] | inodes[_ASIDE]
    for one in table:
        way = one.way
        client = owners.get(Way(way.target, way.target_port, way.source, way.source_port), 0)
        if way.source in sides[_NEAR].addresses:
            is_far = client not in kept if is_total else client in inodes[_FAR]
            if is_far:
                yield way
        elif way.source in sides[_FAR].addresses and client in inodes[_NEAR]:
            yield way


def sockets() -> list[Socket]:
    """Return the TCP connections of this machine over IPv4."""
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return [_socket(line.split()) for line in lines]


def _socket(fields: Sequence[str]) -> Socket:
    source, target = (_endpoint(field) for field in fields[1:3])
    return Socket(Way(*source, *target), int(fields[9]))


def _endpoint(field: str) -> tuple[str, int]:
    address, _colon, port = field.partition(":")
    # The kernel prints the address as a number in the machine's own order of bytes.
    return ".".join(str(byte) for byte in bytes.fromhex(address)[::-1]), int(port, 16)


def _pids_in(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "cgroup.procs").read_text("ascii").split()]


def _put(pid: int, folder: Path) -> None:
    with suppress(ProcessLookupError):
        (folder / "cgroup.procs").write_text(f"{pid}\n", "ascii")


def _elements(addresses: Sequence[str]) -> str:
    if not addresses:
        return ""
    parts = ", ".join(f"{address} timeout {EXPIRES_S}s" for address in addresses)
    return f"elements = {{ {parts} }}"


def _set_of(ways: Sequence[Way]) -> str:
    parts = (" . ".join(map(str, way)) + f" timeout {EXPIRES_S}s" for way in ways)
    return "{ " + ", ".join(parts) + " }"


def _run(*words: str, given: str = "") -> None:
    done = subprocess.run(
        words, check=False, input=given, capture_output=True, text=True, timeout=_COMMAND_S
    )
    if done.returncode:
        raise CutRefused(f"{words[0]} refuses: {done.stderr.strip().partition(chr(10))[0]}")
