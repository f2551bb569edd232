"""Mixed requests, recorded: `python -m tests.infra.hosts.mixed_requests load|gather FOLDER`.

`load` runs inside the client's namespace, where it reaches the suite as phones do. Commands come in
lines: `begin HOST PROCESS…`, `heal`, `well` and `end`. `gather` runs on a host, and checks the
recorded history against what the suite holds.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import dns.asyncquery
import dns.exception
import dns.message
import httpx

from infra.hosts.suites import rendering_suite
from infra.plan.parts import Plan
from infra.suite import Suite as OnDisk
from prove.acts import Board, Client
from prove.attempts import READ_S, Answer, Make, Sender
from prove.checks.every_check import check_all
from prove.gathering import gather_state
from prove.history import Outcome, Recorder, read_history
from prove.load import steady_load
from prove.people import hang_up, sign_in_people, sign_up_people, ways_to
from tests.eventually import eventually
from tests.suite import Suite

HISTORY, NAMES, FINDINGS = "history.jsonl", "names.json", "findings.json"
CLIENTS, PER_SECOND = 24, 50.0
_SEED = 11
# A phone opens a connection to the next address when one stays silent for so long.
_CONNECTS_WITHIN_S = 1.0
_DNS_ASKS_S, _DNS_EVERY_S, _DNS_WITHIN_S = 0.4, 0.2, 30.0


@dataclass(slots=True)
class Reached:
    """The suite as `prove` knows one: its plan, keys and authority."""

    on_disk: OnDisk

    @property
    def plan(self) -> Plan:
        """What the suite consists of."""
        return self.on_disk.plan

    @property
    def ca_file(self) -> Path:
        """The internal CA."""
        return self.on_disk.ca_file

    @property
    def public_url(self) -> str:
        """The first balancer, by which accounts are made."""
        return self.plan.public_url


class TwoAddresses(Sender):
    """A phone that knows both addresses of the name: it reads at the other one if one is silent."""

    async def read(self, make: Make) -> Answer:
        """Ask at the address that answered last, then at the others."""
        for number, way in enumerate(list(self.ways), 1):
            exchange, address, base = way
            is_last = number == len(self.ways)
            wait_s = READ_S if is_last else READ_S / 2
            with suppress(httpx.TransportError):
                reply = await exchange.send(make(base), address, wait_s)
                outcome: Outcome = "ok" if reply.is_success else "fail"
                said = reply.json() if reply.content else {}
                return Answer(outcome, reply.status_code, said, number)
            # The next request begins elsewhere.
            self.ways = [one for one in self.ways if one != way] + [way]
        return Answer("info", tries=len(self.ways))


@dataclass(slots=True)
class Told:
    """What the parent said, and what came of it; times are seconds of the recording."""

    recorder: Recorder
    plan: Plan
    number: int = 0
    host: str = ""
    processes: Sequence[str] = ()
    left_dns_s: dict[str, float] = field(default_factory=dict)
    watching: list["asyncio.Task[None]"] = field(default_factory=list)

    def hear(self, line: str) -> bool:
        """Follow a command; returns whether the run goes on."""
        word, *rest = line.split()
        if word == "begin":
            self.number += 1
            self.host, self.processes = rest[0], rest[1:]
            self.watching.append(asyncio.create_task(self._watch_names(self.host)))
        phase = {"begin": "begin", "heal": "healed", "well": "well"}.get(word)
        if phase:
            self.recorder.write(
                **{"is": "fault"},
                number=self.number,
                phase=phase,
                kind=f"loss of {self.host}",
                targets=list(self.processes),
                at=round(self.recorder.now_s(), 4),
            )
        return word != "end"

    async def _watch_names(self, host: str) -> None:
        """Note when each service's name no longer has the host's address at any server."""
        began_s = time.monotonic()
        lost = {p.address for p in self.plan.processes if p.host == host and p.address}
        servers = [at for at in (self.plan.dns.address, *self.plan.dns.others) if at not in lost]
        names = [name.host for name in self.plan.names if name.has_ready_page]

        async def left(name: str, server: str) -> None:
            assert not await _addresses(name, server, self.plan.dns.port) & lost

        async def note(name: str, server: str) -> None:
            with suppress(AssertionError):
                look = partial(left, name, server)
                await eventually(look, within_s=_DNS_WITHIN_S, every_s=_DNS_EVERY_S)
                seconds = round(time.monotonic() - began_s, 2)
                self.left_dns_s[f"{self.number} {name} {server}"] = seconds

        for server in servers:
            for name in names:
                self.left_dns_s[f"{self.number} {name} {server}"] = -1.0
        await asyncio.gather(*(note(name, server) for server in servers for name in names))


async def _addresses(name: str, server: str, port: int) -> set[str]:
    query = dns.message.make_query(name, "A")
    try:
        reply = await dns.asyncquery.udp(query, server, port=port, timeout=_DNS_ASKS_S)
    except (dns.exception.DNSException, OSError):
        raise AssertionError("no answer") from None
    return {str(item) for answer in reply.answer for item in answer}


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def load(folder: Path) -> None:
    """Load the suite until the parent says `end`."""
    suite, reached = _reached(folder)
    recorder = Recorder(folder / HISTORY, 0.0)
    rng = random.Random(_SEED)
    recorder.write(**{"is": "run"}, seed=_SEED, word="hosts")
    ways = ways_to(suite)
    sessions = await sign_up_people(suite, ways, recorder, range(CLIENTS), rng)
    for session in sessions:
        session.sender = TwoAddresses(list(ways), session.rng)
    board = Board("hosts", [session.person.id for session in sessions])
    stop = asyncio.Event()
    clients = [Client(session, board, stop) for session in sessions]
    told = Told(recorder, reached.plan)
    began_s = time.monotonic()
    async with steady_load(clients, PER_SECOND):
        _say("loaded")
        while told.hear(await asyncio.to_thread(sys.stdin.readline) or "end"):
            pass
    await asyncio.gather(*told.watching)
    recorder.write(**{"is": "loaded"}, seconds=time.monotonic() - began_s)
    (folder / NAMES).write_text(json.dumps(told.left_dns_s, indent=1), encoding="utf-8")
    await hang_up(sessions)
    recorder.close()
    _say("done")


async def gather(folder: Path) -> None:
    """Read what the suite holds, on a host, since no other address may ask the databases."""
    suite, _reached_one = _reached(folder)
    history = read_history(folder / HISTORY)
    recorder = Recorder(folder / "after.jsonl", history.seconds)
    ways = ways_to(suite)
    rng = random.Random(_SEED)
    sessions = await sign_in_people(suite, ways, recorder, history.people, rng)
    state = await gather_state(suite, history, sessions)
    found = {name: [str(one) for one in some] for name, some in check_all(history, state).items()}
    (folder / FINDINGS).write_text(json.dumps(found, indent=1), encoding="utf-8")
    await hang_up(sessions)
    recorder.close()


def _reached(folder: Path) -> tuple[Suite, Reached]:
    on_disk = rendering_suite(
        folder / "keys", folder / "hosts.toml", limits="loose", may_make_keys=False
    )
    reached = Reached(on_disk)
    return cast(Suite, reached), reached


if __name__ == "__main__":
    asyncio.run({"load": load, "gather": gather}[sys.argv[1]](Path(sys.argv[2])))
