"""The rendered kernel rule bounds the connections of one address, half-open ones too."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra.plan.planning import plan_of
from infra.rendering.nginx import connection_bounds
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology

pytestmark = pytest.mark.long

BOUND, PORT = 50, 8080
SERVER, CLIENT = "10.99.0.1", "10.99.0.2"
LISTEN = (
    "import socket, sys\n"
    f"door = socket.create_server(('{SERVER}', {PORT}), backlog=500)\n"
    "print('ready', flush=True)\n"
    "held = []\n"
    "while True:\n"
    "    held.append(door.accept())\n"
)
CONNECT = (
    "import socket\n"
    "held = []\n"
    "try:\n"
    f"    while len(held) < 4 * {BOUND}:\n"
    f"        held.append(socket.create_connection(('{SERVER}', {PORT}), timeout=5))\n"
    "except OSError:\n"
    "    pass\n"
    "print(len(held))\n"
)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def namespaces() -> Iterator[tuple[str, str]]:
    """Two connected network namespaces, for a server and a client."""
    if os.geteuid() != 0 or shutil.which("nft") is None or shutil.which("ip") is None:
        pytest.skip("it wants root, nft and ip")
    server, client = "retrato-edge", "retrato-client"
    with ExitStack() as stack:
        for name in (server, client):
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
        cable = ("type", "veth", "peer", "client0", "netns", client)
        _ip("link", "add", "edge0", "netns", server, *cable)
        for name, device, address in ((server, "edge0", SERVER), (client, "client0", CLIENT)):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", device)
            _ip("-n", name, "link", "set", device, "up")
        yield server, client


def test_one_address_has_so_many_connections_and_no_more(
    namespaces: tuple[str, str], tmp_path: Path
) -> None:
    server, client = namespaces
    rule = tmp_path / "connections.nft"
    suite = Suite(plan_of(load_topology()), RunFolder(tmp_path), Path("/decoder/python"))
    rule.write_text(re.sub(r"count over \d+", f"count over {BOUND}", connection_bounds(suite)))
    within = ["ip", "netns", "exec"]
    for _ in range(2):  # Loading the rule again must work, as after a change.
        subprocess.run([*within, server, "nft", "-f", str(rule)], check=True)
    listen = [*within, server, sys.executable, "-c", LISTEN]
    with subprocess.Popen(listen, stdout=subprocess.PIPE, text=True) as door:
        try:
            assert door.stdout is not None
            assert door.stdout.readline() == "ready\n"
            connect = [*within, client, sys.executable, "-c", CONNECT]
            done = subprocess.run(connect, check=True, capture_output=True, text=True)
        finally:
            door.terminate()
    assert int(done.stdout) == BOUND
