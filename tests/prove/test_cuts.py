"""A cut really cuts: what exists and what begins, between its sides alone, until it is healed."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from prove.cuts import NOBODY, Network, Side, Socket, Way, open_ways
from tests.eventually import eventually

# Nobody else's suite is on this network.
_NET = "127.199"
_NEAR, _FAR = "127.199.13.1", "127.199.13.11"
_WAIT_S = 0.5
# Echoes what callers send, and calls another server when it is told to.
_SERVER = """
import socket, sys, threading
own, other = sys.argv[1:]
server = socket.create_server((own, 5432))
kept = {}
def call(way):
    if way == "kept":
        if not kept:
            kept["socket"] = socket.create_connection((other, 5432), timeout=0.5)
        connection = kept["socket"]
    else:
        connection = socket.create_connection((other, 5432), timeout=0.5)
    connection.settimeout(0.5)
    connection.sendall(b"x")
    return connection.recv(1)
def serve(connection):
    while said := connection.recv(1):
        connection.sendall(said)
def accept():
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
threading.Thread(target=accept, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    try:
        print(call(line.strip()) == b"x", flush=True)
    except OSError:
        print(False, flush=True)
"""


class Server:
    """A process with a server, which can be told to call the other one."""

    def __init__(self, own: str, other: str) -> None:
        self.address = own
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, own, other],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def reaches(self, way: str) -> bool:
        """Whether it gets an answer over its kept connection, or over a new one."""
        assert self.process.stdin is not None
        self.process.stdin.write(way + "\n")
        self.process.stdin.flush()
        return self._answer() == "True"

    @property
    def side(self) -> Side:
        return Side((self.address,), lambda: [self.process.pid])

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def network() -> Network:
    network = Network(_NET)
    if why_not := network.why_not():
        pytest.skip(f"nothing can be cut here: {why_not}")
    return network


@pytest.fixture
def servers(network: Network) -> Iterator[tuple[Server, Server]]:
    near, far = Server(_NEAR, _FAR), Server(_FAR, _NEAR)
    assert all(one.reaches(way) for one in (near, far) for way in ("kept", "new"))
    yield near, far
    near.end()
    far.end()
    network.clear()


def _we_reach(address: str) -> bool:
    try:
        with socket.create_connection((address, 5432), timeout=_WAIT_S) as connection:
            connection.sendall(b"x")
            return connection.recv(1) == b"x"
    except OSError:
        return False


async def test_two_sides_do_not_reach_one_another_and_others_reach_both(
    network: Network, servers: tuple[Server, Server]
) -> None:
    near, far = servers
    async with network.cut(near.side, far.side):
        for one in servers:
            assert not one.reaches("new")
            assert not one.reaches("kept")
            assert _we_reach(one.address)
    assert all(one.reaches("new") for one in servers)


async def test_what_exists_breaks_in_both_directions(
    network: Network, servers: tuple[Server, Server]
) -> None:
    near, _far = servers
    with socket.create_connection((_NEAR, 5432), timeout=_WAIT_S) as ours:
        nobody = Side((_FAR,), lambda: ())
        async with network.cut(near.side, nobody, is_total=True):
            assert not near.reaches("kept")
            assert not _we_reach(_NEAR)
            assert _we_reach(_FAR)
            ours.sendall(b"x")
            with pytest.raises(TimeoutError):
                ours.recv(1)
        # The kernel repeats what was dropped.
        ours.settimeout(30)
        assert ours.recv(1) == b"x"


async def test_those_aside_reach_who_is_cut_off_from_everybody(
    network: Network, servers: tuple[Server, Server]
) -> None:
    near, far = servers
    async with network.cut(near.side, NOBODY, far.side, is_total=True):
        assert far.reaches("kept")
        assert far.reaches("new")
        assert not _we_reach(_NEAR)


async def test_a_process_that_begins_later_is_cut_too(
    network: Network, servers: tuple[Server, Server]
) -> None:
    near, far = servers
    children: list[Server] = []

    def pids() -> list[int]:
        return [near.process.pid, *(child.process.pid for child in children)]

    async with network.cut(Side((_NEAR,), pids), far.side):
        children.append(Server("127.199.13.21", _FAR))

        async def is_cut() -> None:
            assert not children[0].reaches("new")

        try:
            await eventually(is_cut)
        finally:
            children[0].end()


async def test_nothing_is_left_behind(network: Network, servers: tuple[Server, Server]) -> None:
    near, far = servers
    async with network.cut(near.side, far.side):
        # As after the sudden end of a run: somebody else clears it.
        Network(_NET).clear()
        assert near.reaches("new")
    assert _left_behind() == []


def _left_behind() -> list[str]:
    tables = subprocess.run(["nft", "list", "tables"], check=True, capture_output=True, text=True)
    mounts = Path("/proc/mounts").read_text(encoding="utf-8")
    lines = [*tables.stdout.splitlines(), *mounts.splitlines()]
    return [line for line in lines if "retrato_cut_127_199" in line or _NET in line]


def test_replies_are_cut_by_their_client_and_not_by_an_address() -> None:
    loopback = "127.0.0.1"
    ports = (1, 2, 3, 5)
    ours, peers, clients, aside = (Way(_NEAR, 5432, loopback, port) for port in ports)
    table = [Socket(way, 0) for way in (ours, peers, clients, aside)]
    table += [Socket(Way(loopback, port, _NEAR, 5432), port * 100) for port in ports]
    calls = Way(_FAR, 8008, loopback, 4)
    table += [Socket(calls, 0), Socket(Way(loopback, 4, _FAR, 8008), 400)]
    held = {10: {100, 400}, 20: {200}, 30: {500}}
    sides = {
        "near": Side((_NEAR,), lambda: [10]),
        "far": Side((_FAR,), lambda: [20]),
        "aside": Side((), lambda: [30]),
    }

    def ways(*, is_total: bool) -> set[Way]:
        return set(open_ways(table, sides, is_total=is_total, inodes_of=_held_in(held)))

    assert ways(is_total=False) == {peers, calls}
    assert ways(is_total=True) == {peers, clients, calls}


def _held_in(held: dict[int, set[int]]) -> Callable[[Sequence[int]], set[int]]:
    return lambda pids: {inode for pid in pids for inode in held[pid]}
