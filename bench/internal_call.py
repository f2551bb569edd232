"""Measures what one internal call costs its caller: CPU per call and median time, per engine.

Ten concurrent calls go over TLS to two replica processes, and decode a 6 KB JSON reply. The engines
take turns, so that a noisy minute affects all of them. The figure is the median of the rounds.
"""

import asyncio
import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import trustme
import uvloop

from bench.internal_call_engines import ENGINES, Bench, Call

NAME = "users.internal"
ADDRESSES = ["127.23.3.1", "127.23.3.2"]
CONCURRENCY = 10
CALLS_A_ROUND = 2_000
ROUNDS = 5
FLOOR = "raw_httptools"


@dataclass
class Figures:
    """Per round: CPU microseconds per call, and the median time of a call."""

    cpu_us: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)


@contextlib.contextmanager
def replicas() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        cert, key, ca = (Path(folder) / name for name in ("cert.pem", "key.pem", "ca.pem"))
        authority = trustme.CA()
        # Some engines can only verify the address that they dial, so the certificate names it.
        issued = authority.issue_cert(NAME, *ADDRESSES)
        authority.cert_pem.write_to_path(str(ca))
        issued.private_key_and_cert_chain_pem.write_to_path(str(cert))
        issued.private_key_pem.write_to_path(str(key))
        port = _free_port()
        command = [sys.executable, "-m", "bench.internal_call_server"]
        with contextlib.ExitStack() as stack:
            for address in ADDRESSES:
                arguments = [address, str(port), str(cert), str(key)]
                server = stack.enter_context(subprocess.Popen([*command, *arguments]))
                stack.callback(server.terminate)
            for address in ADDRESSES:
                _wait_for(address, port)
            yield Bench(NAME, ADDRESSES, port, ca)


async def measure(call: Call, figures: Figures) -> None:
    times_s: list[float] = []

    async def caller() -> None:
        for _ in range(CALLS_A_ROUND // CONCURRENCY):
            began_s = time.perf_counter()
            await call()
            times_s.append(time.perf_counter() - began_s)

    began_cpu_s = time.process_time()
    await asyncio.gather(*(caller() for _ in range(CONCURRENCY)))
    spent_s = time.process_time() - began_cpu_s
    figures.cpu_us.append(spent_s / len(times_s) * 1e6)
    figures.p50_ms.append(statistics.median(times_s) * 1e3)


async def compare(bench: Bench, names: list[str]) -> dict[str, Figures]:
    figures = {name: Figures() for name in names}
    async with AsyncExitStack() as stack:
        calls = {name: await ENGINES[name](bench, stack) for name in names}
        for call in calls.values():
            await asyncio.gather(*(call() for _ in range(CONCURRENCY * 4)))
        for _ in range(ROUNDS):
            for name, call in calls.items():
                await measure(call, figures[name])
    return figures


def show(figures: dict[str, Figures]) -> None:
    floor_us = statistics.median(figures[FLOOR].cpu_us)
    print(f"{'engine':26}{'CPU µs/call':>13}{'least':>8}{'p50 ms':>9}{'× floor':>9}")
    for name, figure in sorted(figures.items(), key=lambda item: statistics.median(item[1].cpu_us)):
        cpu_us = statistics.median(figure.cpu_us)
        print(
            f"{name:26}{cpu_us:13.0f}{min(figure.cpu_us):8.0f}"
            f"{statistics.median(figure.p50_ms):9.2f}{cpu_us / floor_us:9.1f}"
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESSES[0], 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(address: str, port: int) -> None:
    give_up_s = time.monotonic() + 15
    while time.monotonic() < give_up_s:
        with contextlib.suppress(OSError), socket.create_connection((address, port), 0.5):
            return
        time.sleep(0.05)
    raise SystemExit(f"The replica at {address}:{port} did not come up.")


if __name__ == "__main__":
    chosen = [FLOOR, *sys.argv[1:]] if sys.argv[1:] else list(ENGINES)
    with replicas() as the_bench:
        show(uvloop.run(compare(the_bench, chosen)))
