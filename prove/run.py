"""One run: it loads a suite, breaks it, reads what is left, and can go on after Ctrl-C."""

import asyncio
import random
import secrets
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prove.acts import Board, Client, remember
from prove.faults import Breaker
from prove.gathering import gather_state
from prove.history import FLUSH_S, History, read_history
from prove.load import steady_load
from prove.members import Sampler
from prove.people import Session, sign_in_people, sign_up_people, ways_to
from prove.progress import Progress
from prove.schedule import CALM_S, schedule
from prove.state import State
from tests.suite import Suite

# The clients' number lets the offered rate stand while a shard's clients wait for their replies.
CLIENTS = 48
PER_SECOND = 80.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is asked to do; `kinds` is empty for all faults that the suite can be given."""

    seed: int
    seconds: float
    clients: int = CLIENTS
    per_second: float = PER_SECOND
    kinds: Sequence[str] = field(default_factory=tuple)
    # Multiplies how long faults are held, and the calm between them.
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Proof:
    """A finished run: all that the checks need, and the people's sessions."""

    history: History
    state: State
    sessions: Sequence[Session]


@dataclass(slots=True)
class Run:
    """A run in a folder: its history grows there until it is finished."""

    suite: Suite
    folder: Path
    plan: Plan

    @property
    def history_file(self) -> Path:
        """The recorded operations and faults."""
        return self.folder / "history.jsonl"

    @property
    def state_file(self) -> Path:
        """What the suite held at the end."""
        return self.folder / "state.json"

    async def finish(self) -> Proof:
        """Run for the rest of the time, then gather what the suite holds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        past = read_history(self.history_file) if self.history_file.exists() else History()
        recorder = Progress(self.history_file, past.seconds)
        recorder.acknowledged = sum(
            one.outcome == "ok" and not one.kind.startswith("read") for one in past.operations
        )
        try:
            word = past.word or secrets.token_hex(4)
            if not past.word:
                recorder.write(**{"is": "run"}, seed=self.plan.seed, word=word)
            recorder.number_from(max((one.number for one in past.operations), default=0))
            sessions = await self._load(recorder, past, word)
            recorder.flush()
            print("waiting until all is quiet, then reading what is there", flush=True)
            history = read_history(self.history_file)
            state = await gather_state(self.suite, history, sessions)
            state.write(self.state_file)
            recorder.write(**{"is": "finished"})
        finally:
            recorder.close()
        return Proof(read_history(self.history_file), state, sessions)

    async def _load(self, recorder: Progress, past: History, word: str) -> list[Session]:
        """Load and break the suite until the time is over; afterwards all is well."""
        breaker = Breaker(self.suite, recorder)
        _check_kinds(self.plan.kinds, breaker)
        await breaker.heal()
        rng = random.Random(f"{self.plan.seed} {past.seconds}")
        ways = ways_to(self.suite)
        if past.people:
            sessions = await sign_in_people(self.suite, ways, recorder, past.people, rng)
        else:
            numbers = range(self.plan.clients)
            sessions = await sign_up_people(self.suite, ways, recorder, numbers, rng)
        board = Board(word, [session.person.id for session in sessions])
        stop = asyncio.Event()
        clients = [Client(session, board, stop) for session in sessions]
        remember(clients, past)
        left_s = self.plan.seconds - past.loaded_s
        last = max((fault.number for fault in past.faults), default=0)
        if left_s > 0:
            await self._break(clients, breaker, recorder, (left_s, last))
        await breaker.heal()
        return sessions

    async def _break(
        self,
        clients: Sequence[Client],
        breaker: Breaker,
        recorder: Progress,
        where: tuple[float, int],
    ) -> None:
        """Give the suite its faults under load; `where` are seconds left and the last fault."""
        left_s, faults = where
        began_s = time.monotonic()
        until_s = began_s + left_s
        kinds = self.plan.kinds or breaker.kinds()
        recorder.write(**{"is": "left out"}, kinds={} if self.plan.kinds else breaker.left_out())
        try:
            async with AsyncExitStack() as stack:
                beside = (
                    Sampler(self.suite, recorder).run(),
                    recorder.tell(lambda: until_s - time.monotonic(), lambda: breaker.present),
                    _flush(recorder),
                )
                for one in beside:
                    task = asyncio.create_task(one)
                    stack.push_async_callback(_end, task)
                await stack.enter_async_context(steady_load(clients, self.plan.per_second))
                await asyncio.sleep(min(CALM_S[0], left_s))
                for planned in schedule(self.plan.seed, kinds, faults, pace=self.plan.pace):
                    # The last fault has to be healed and paid for within the time.
                    if time.monotonic() + planned.hold_s > until_s:
                        break
                    await breaker.give(planned)
                    await asyncio.sleep(planned.calm_s)
                await asyncio.sleep(max(0.0, until_s - time.monotonic()))
        finally:
            recorder.write(**{"is": "loaded"}, seconds=time.monotonic() - began_s)


class UnknownFault(Exception):
    """A fault was asked for that this suite or this machine cannot be given."""


def _check_kinds(asked: Sequence[str], breaker: Breaker) -> None:
    """Raise UnknownFault, with the reason or the names that are known."""
    known, left_out = breaker.kinds(), breaker.left_out()
    for kind in asked:
        if kind in left_out:
            raise UnknownFault(f"{kind} cannot be given here: {left_out[kind]}.")
        if kind not in known:
            raise UnknownFault(f"{kind} is none of: {', '.join(sorted(known))}.")


async def _flush(recorder: Progress) -> None:
    while True:
        await asyncio.sleep(FLUSH_S)
        await asyncio.to_thread(recorder.flush)


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
