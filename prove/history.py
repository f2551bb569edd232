"""What is recorded of a run: operations, faults and samples, as JSON lines in one file."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import orjson

# ok: acknowledged. fail: refused before anything was done. info: nobody knows.
Outcome = Literal["ok", "fail", "info"]
# How long after its last reply-less attempt a write may still take effect: a write's deadline and
# a commit of ten seconds each, and a process that was frozen meanwhile.
DOUBT_S = 30.0
FLUSH_S = 0.5


@dataclass(frozen=True, slots=True)
class Operation:
    """One intent of a client, from its first request to its last reply.

    `key` is what it changes or reads, and `value` what it writes. `got` holds what the replies
    said. Times are seconds since the run began. An operation without an end is `info`, and
    `complete_s` is then infinite.
    """

    number: int
    client: int
    kind: str
    key: str
    value: str
    invoke_s: float
    complete_s: float = float("inf")
    outcome: Outcome = "info"
    got: Mapping[str, Any] = field(default_factory=dict)
    tries: int = 0
    in_doubt_until_s: float = float("inf")

    @property
    def took_s(self) -> float:
        """The time from the first request to the last reply."""
        return self.complete_s - self.invoke_s


@dataclass(frozen=True, slots=True)
class Fault:
    """What was broken, when, until when, and when everything was well again (seconds).

    `stayed_ill` says that something was not well again in time. `failed` is what a command said
    that belongs to the fault, if it failed.
    """

    number: int
    kind: str
    targets: tuple[str, ...]
    begin_s: float
    healed_s: float = float("inf")
    well_s: float = float("inf")
    stayed_ill: bool = False
    failed: str = ""


@dataclass(frozen=True, slots=True)
class NodeSample:
    """A Postgres server's own word: whether it takes writes, and on which timeline.

    It was asked at `asked_s`, and had answered by `answered_s`.
    """

    database: str
    node: str
    is_primary: bool
    timeline: int
    asked_s: float
    answered_s: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """The positions that waited in an outbox at one moment, ascending, by shard and topic.

    A primary on this timeline said so.
    """

    group: str
    at_s: float
    positions: Mapping[str, Sequence[int]]
    timeline: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the run; `number` is its client's."""

    number: int
    id: int
    username: str


@dataclass(slots=True)
class History:
    """A whole recorded run; `seconds` is its length so far.

    `left_out` has the kinds of faults that the machine did not allow, and why.
    """

    seed: int = 0
    word: str = ""
    seconds: float = 0.0
    loaded_s: float = 0.0
    finished: bool = False
    people: list[Person] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    samples: list[NodeSample] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)

    def of_kind(self, *kinds: str) -> list[Operation]:
        """Return the operations of some kinds, in the order of their beginning."""
        return [one for one in self.operations if one.kind in kinds]


class Recorder:
    """Appends to a history's file; each line leaves the process at once and is soon flushed.

    The clock is the machine's monotonic one. A run that goes on later continues after the last
    recorded time, so times never go back.
    """

    def __init__(self, file: Path, begins_s: float) -> None:
        self._out = file.open("ab", buffering=0)
        # An earlier session may have been killed in the middle of a line.
        self._out.write(b"\n")
        self._zero_s = time.monotonic() - begins_s
        self._number = 0
        self._flushed_s = 0.0

    def now_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._zero_s

    def number_from(self, number: int) -> None:
        """Go on counting operations after an earlier session's last one."""
        self._number = number

    def write(self, **line: Any) -> None:
        """Append a line."""
        self._out.write(orjson.dumps(line, option=orjson.OPT_NON_STR_KEYS) + b"\n")

    def invoke(self, client: int, kind: str, key: str, value: str) -> int:
        """Record the beginning of an operation; returns its number."""
        self._number += 1
        self.write(
            **{"is": "invoke"},
            op=self._number,
            at=round(self.now_s(), 4),
            client=client,
            kind=kind,
            key=key,
            value=value,
        )
        return self._number

    def complete(
        self, number: int, outcome: Outcome, got: Mapping[str, Any], tries: int, in_doubt: bool
    ) -> None:
        """Record the end of an operation."""
        line = {"is": "complete", "op": number, "at": round(self.now_s(), 4), "outcome": outcome}
        self.write(**line, got=got, tries=tries, doubt=in_doubt)

    def flush(self) -> None:
        """Put everything on disk."""
        os.fsync(self._out.fileno())

    def close(self) -> None:
        """Flush and close the file."""
        self.flush()
        self._out.close()


def read_history(file: Path) -> History:
    """Read a recorded run; a last line that was cut short is left out."""
    history = History()
    reading = _Reading(history)
    with file.open("rb") as lines:
        for line in lines:
            try:
                reading.add(orjson.loads(line))
            except orjson.JSONDecodeError:
                continue
    reading.close()
    return history


class _Reading:
    """Puts lines together to operations and faults."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._operations: dict[int, Operation] = {}
        self._faults: dict[int, Fault] = {}

    def add(self, line: Mapping[str, Any]) -> None:
        """Take one line in."""
        at_s = float(line.get("at", 0.0))
        self._history.seconds = max(self._history.seconds, at_s)
        match line["is"]:
            case "run":
                self._history.seed, self._history.word = line["seed"], line["word"]
            case "loaded":
                self._history.loaded_s += line["seconds"]
            case "left out":
                self._history.left_out = line["kinds"]
            case "finished":
                self._history.finished = True
            case "person":
                person = Person(line["client"], int(line["id"]), line["username"])
                self._history.people.append(person)
            case "node" | "waiting":
                self._sampled(line, at_s)
            case _:
                self._happened(line, at_s)

    def _sampled(self, line: Mapping[str, Any], at_s: float) -> None:
        if line["is"] == "waiting":
            waiting = Waiting(line["group"], at_s, line["positions"], line.get("timeline", 0))
            self._history.waiting.append(waiting)
            return
        self._history.samples.append(
            NodeSample(
                *(line["database"], line["node"], line["primary"], line["timeline"]),
                *(line["asked"], at_s),
            )
        )

    def _happened(self, line: Mapping[str, Any], at_s: float) -> None:
        if line["is"] == "invoke":
            number = line["op"]
            facts = (line["client"], line["kind"], line["key"], line["value"])
            self._operations[number] = Operation(number, *facts, at_s)
        elif line["is"] == "complete":
            self._complete(line, at_s)
        elif line["phase"] == "begin":
            number, targets = line["number"], tuple(line["targets"])
            self._faults[number] = Fault(number, line["kind"], targets, at_s)
        elif line["number"] in self._faults:
            fault = self._faults[line["number"]]
            changes = {"healed": {"healed_s": at_s}, "well": {"well_s": at_s}}
            changes |= {"ill": {"stayed_ill": True}, "failed": {"failed": line.get("why", "")}}
            now: dict[str, Any] = changes[line["phase"]]
            self._faults[fault.number] = replace(fault, **now)

    def _complete(self, line: Mapping[str, Any], at_s: float) -> None:
        begun = self._operations[line["op"]]
        self._operations[begun.number] = Operation(
            *(begun.number, begun.client, begun.kind, begun.key, begun.value, begun.invoke_s),
            *(at_s, line["outcome"], line["got"], line["tries"]),
            at_s + DOUBT_S if line["doubt"] else at_s,
        )

    def close(self) -> None:
        """Hand over what was put together, in the order of beginning."""
        self._history.operations = [self._operations[n] for n in sorted(self._operations)]
        self._history.faults = [self._faults[n] for n in sorted(self._faults)]
