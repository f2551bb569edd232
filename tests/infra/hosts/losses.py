"""What a recorded run says of the losses of hosts: errors of reads, and pauses of writes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from infra.plan.parts import Database, Plan
from prove.history import Fault, History, Operation
from shared.ids import shard_bits

# By the kind of a write: the service that holds it, and whether its key or its writer says where.
_HELD_BY_KEY = {"comment": "feed", "like": "feed", "save": "feed"}
_HELD_BY_WRITER = {"follow": "users", "display_name": "users", "bio": "users", "post": "feed"}


@dataclass(frozen=True, slots=True)
class Reads:
    """The reads of a run, and those that got an error or no answer."""

    all: int
    failed: int

    @property
    def share(self) -> float:
        """The share that failed."""
        return self.failed / max(self.all, 1)


def reads_of(history: History) -> Reads:
    """Count all reads of people."""
    reads = [one for one in history.operations if one.kind.startswith("read")]
    return Reads(len(reads), sum(one.outcome != "ok" for one in reads))


def pauses(plan: Plan, history: History, fault: Fault, seconds: float) -> Mapping[str, float]:
    """Return by database the longest time without an acknowledged write after a loss, in seconds.

    Only writes that began within `seconds` of the loss count, and only databases with any.
    """
    ids = {person.number: person.id for person in history.people}
    ends: dict[str, list[float]] = {}
    for one in history.operations:
        name = _database_of(plan, one, ids)
        is_after = fault.begin_s <= one.complete_s <= fault.begin_s + seconds
        if name and is_after and one.outcome == "ok":
            ends.setdefault(name, []).append(one.complete_s)
    return {name: _longest([fault.begin_s, *sorted(times)]) for name, times in ends.items()}


def _longest(times: list[float]) -> float:
    return max(after - before for before, after in pairwise(times))


def _database_of(plan: Plan, one: Operation, ids: Mapping[int, int]) -> str:
    """Return the database that takes the write; "" if that is more than one, or no write."""
    if one.kind in _HELD_BY_KEY:
        return _by_shard(plan, _HELD_BY_KEY[one.kind], int(one.key))
    if one.kind in _HELD_BY_WRITER:
        return _by_shard(plan, _HELD_BY_WRITER[one.kind], ids[one.client])
    return ""


def _by_shard(plan: Plan, service: str, owner_id: int) -> str:
    group = plan.groups[service]
    shard = shard_bits(owner_id) % group.shard_count
    return next(one.name for one in group.databases if one.first_shard <= shard <= one.last_shard)


def losses_of(plan: Plan, fault: Fault) -> Iterator[Database]:
    """Yield the databases of which a member was lost."""
    for database in plan.databases:
        if any(f"postgres-{one.name}" in fault.targets for one in database.members):
            yield database
