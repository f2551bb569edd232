"""A client sees its own acknowledged writes, as the API promises, and nothing that is not there.

Reads of the own profile, page, follows and comments ask the primary. Own reactions and the own
post in the home timeline come from Redis, which hears of changes after their commit.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prove.checks.excuses import Excuses
from prove.checks.finding import Finding
from prove.checks.registers import EDGES, FIELDS, allowed_values
from prove.history import History, Operation
from prove.state import State

PROFILE, RELATION, POST = "read profile", "read relation", "read post"
PAGE, THREAD, HOME = "read own page", "read thread", "read home"
READS = (PROFILE, RELATION, POST, PAGE, THREAD, HOME)


def check_reads(history: History, state: State) -> Iterator[Finding]:
    """Check each read against what its client had written before."""
    excuses = Excuses(history)
    written: dict[tuple[int, str, str], list[Operation]] = defaultdict(list)
    # Clients do one thing after the other, so the order of beginning is their order.
    for one in history.operations:
        if one.kind not in READS:
            written[(one.client, one.kind, _place(one))].append(one)
        elif one.outcome == "ok":
            yield from _CHECKS[one.kind](one, written, excuses)
    yield from _check_threads(history, state)


Written = Mapping[tuple[int, str, str], list[Operation]]


def _place(one: Operation) -> str:
    """Where a later read looks for the write: posts stand on one page, the author's."""
    return "" if one.kind == "post" else one.key


def _check_profile(read: Operation, written: Written, excuses: Excuses) -> Iterator[Finding]:
    for field in FIELDS:
        earlier = written.get((read.client, field, field), [])
        if read.got[field] not in allowed_values(earlier, ""):
            last = _last_ok(earlier)
            if last is None or not excuses.for_replica("users", last, read):
                yield _stale(read, f"{field} is {read.got[field]!r}", last)


def _check_relation(read: Operation, written: Written, excuses: Excuses) -> Iterator[Finding]:
    earlier = written.get((read.client, "follow", read.key), [])
    if str(int(read.got["following"])) not in allowed_values(earlier, "0"):
        last = _last_ok(earlier)
        if last is None or not excuses.for_replica("users", last, read):
            yield _stale(read, f"following is {read.got['following']}", last)


def _check_post(read: Operation, written: Written, excuses: Excuses) -> Iterator[Finding]:
    for kind, said in (("like", read.got["liked"]), ("save", read.got["saved"])):
        earlier = written.get((read.client, kind, read.key), [])
        if str(int(said)) not in allowed_values(earlier, "0"):
            last = _last_ok(earlier)
            if last is None or not _may_be_old("feed", last, read, excuses):
                yield _stale(read, f"{kind} of {EDGES[kind]} is {said}", last)


def _check_page(read: Operation, written: Written, excuses: Excuses) -> Iterator[Finding]:
    ids = [int(id_) for id_ in read.got["ids"]]
    if ids != sorted(set(ids), reverse=True):
        yield Finding("order", f"operation {read.number} reads the own page as {ids}")
    floor = min(ids, default=0) if read.got["more"] else 0
    for post in written.get((read.client, "post", ""), []):
        if _is_missing(post, ids, floor) and not excuses.for_replica("feed", post, read):
            yield _stale(read, "the own page lacks a post", post)


def _check_home(read: Operation, written: Written, excuses: Excuses) -> Iterator[Finding]:
    ids = [int(id_) for id_ in read.got["ids"]]
    if ids != sorted(set(ids), reverse=True):
        yield Finding("order", f"operation {read.number} reads the home timeline as {ids}")
    if read.got["partial"]:
        return
    floor = min(ids, default=0) if read.got["more"] else 0
    for post in written.get((read.client, "post", ""), []):
        # A repeated request gets its recorded reply, and pushes nothing.
        missing = _is_missing(post, ids, floor) and post.tries == 1
        if missing and not _may_be_old("feed", post, read, excuses):
            yield _stale(read, "the home timeline lacks an own post", post)


def _check_thread(read: Operation, written: Written, excuses: Excuses) -> Iterator[Finding]:
    ids = [int(id_) for id_ in read.got["ids"]]
    ceiling = max(ids, default=0) if read.got["more"] else None
    for comment in written.get((read.client, "comment", read.key), []):
        told = _told_id(comment)
        below = told is not None and (ceiling is None or told <= ceiling)
        if below and told not in ids and not excuses.for_replica("feed", comment, read):
            yield _stale(read, "the thread lacks an own comment", comment)


def _is_missing(post: Operation, ids: Sequence[int], floor: int) -> bool:
    told = _told_id(post)
    return told is not None and told > floor and told not in ids


def _told_id(one: Operation) -> int | None:
    ids = one.got.get("ids", ())
    return int(ids[0]) if one.outcome == "ok" and ids else None


def _may_be_old(service: str, write: Operation, read: Operation, excuses: Excuses) -> bool:
    return excuses.for_cache(service, write, read) or excuses.for_replica(service, write, read)


def _last_ok(operations: Sequence[Operation]) -> Operation | None:
    return next((one for one in reversed(operations) if one.outcome == "ok"), None)


def _stale(read: Operation, says: str, write: Operation | None) -> Finding:
    since = "" if write is None else f" after operation {write.number} was acknowledged"
    return Finding("stale read", f"operation {read.number} of client {read.client}: {says}{since}")


_CHECKS: Mapping[str, Any] = {
    PROFILE: _check_profile,
    RELATION: _check_relation,
    POST: _check_post,
    PAGE: _check_page,
    HOME: _check_home,
    THREAD: _check_thread,
}


def _check_threads(history: History, state: State) -> Iterator[Finding]:
    """Whatever a read of a thread showed is there at the end, in the same order."""
    final: dict[int, list[int]] = defaultdict(list)
    texts = {}
    for row in sorted(state.comments, key=lambda row: row.id):
        final[row.post_id].append(row.id)
        texts[row.id] = row.text
    for read in history.of_kind(THREAD):
        if read.outcome != "ok":
            continue
        ids = [int(id_) for id_ in read.got["ids"]]
        place = {id_: number for number, id_ in enumerate(final[int(read.key)])}
        gone = [id_ for id_ in ids if id_ not in place]
        if gone:
            yield Finding("dirty read", f"operation {read.number} saw {gone}, now gone")
        seen = [place[id_] for id_ in ids if id_ in place]
        if seen != sorted(set(seen)):
            yield Finding("order", f"operation {read.number} saw a thread in another order: {ids}")
        changed = [
            id_
            for id_, text in zip(ids, read.got["texts"], strict=True)
            if texts.get(id_, text) != text
        ]
        if changed:
            yield Finding("dirty read", f"operation {read.number} saw other texts of {changed}")
