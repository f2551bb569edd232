"""Ids are unique, name their shard, and rise within it with real time."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from prove.checks.finding import Finding
from prove.history import History, Operation
from prove.state import State
from shared.ids import shard_bits

SHARDS_OF = {"photo": "upload", "post": "feed", "comment": "feed"}


def check_ids(history: History, state: State) -> Iterator[Finding]:
    """Check the ids of photos, posts and comments, each in its group."""
    rows = {
        "upload": [(row.id, row.shard) for row in state.photos],
        "feed": [
            *((row.id, row.shard) for row in state.posts),
            *((row.id, row.shard) for row in state.comments),
        ],
    }
    for group, ids in rows.items():
        for id_, times in Counter(id_ for id_, _shard in ids).items():
            if times > 1:
                yield Finding("id", f"{group} has {times} rows with the id {id_}")
        for id_, shard in ids:
            if shard_bits(id_) != shard:
                yield Finding("id", f"{group} keeps {id_} in the shard {shard}")
    yield from _check_rising(history)


def _check_rising(history: History) -> Iterator[Finding]:
    by_shard: dict[tuple[str, int], list[Operation]] = defaultdict(list)
    for one in history.of_kind(*SHARDS_OF):
        if one.outcome == "ok" and one.got.get("ids"):
            shard = shard_bits(int(one.got["ids"][0]))
            by_shard[(SHARDS_OF[one.kind], shard)].append(one)
    for operations in by_shard.values():
        yield from _rising_in_one(operations)


def _rising_in_one(operations: list[Operation]) -> Iterator[Finding]:
    """An id that was acknowledged before another one's request began is the lower one."""
    ended: list[tuple[float, int]] = []
    highest = 0
    for one in sorted(operations, key=lambda one: one.invoke_s):
        while ended and ended[0][0] < one.invoke_s:
            highest = max(highest, heapq.heappop(ended)[1])
        id_ = _first_id(one.got)
        if id_ <= highest:
            yield Finding(
                "id", f"{one.kind} {id_} began after {highest} of its shard was acknowledged"
            )
        heapq.heappush(ended, (one.complete_s, id_))


def _first_id(got: Mapping[str, list[str]]) -> int:
    return int(got["ids"][0])
