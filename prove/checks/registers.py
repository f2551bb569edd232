"""The last acknowledged value of everything that one client alone writes is what stays."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from prove.checks.finding import Finding
from prove.history import History, Operation
from prove.state import State

EDGES = {"like": "like", "save": "save", "follow": "follow"}
FIELDS = ("display_name", "bio")


def check_registers(history: History, state: State) -> Iterator[Finding]:
    """Compare likes, saves, follows and fields of profiles, and count the edits of profiles."""
    people = {person.number: person.id for person in history.people}
    active = {(edge.kind, edge.src, edge.dst) for edge in state.out_edges if edge.state == "active"}
    for (client, kind, key), operations in _by_register(history).items():
        if kind in EDGES:
            ends = (EDGES[kind], people[client], int(key))
            now, before = str(int(ends in active)), "0"
        else:
            now, before = str(state.profiles.get(people[client], {}).get(kind, "")), ""
        allowed = allowed_values(operations, before)
        if now not in allowed:
            last = [one for one in operations if one.outcome == "ok"][-1:]
            yield Finding(
                "lost update",
                f"{kind} of client {client} on {key} is {now!r}, but may be"
                f" {sorted(allowed)} (last acknowledged: operation"
                f" {last[0].number if last else 'none'})",
            )
    yield from _check_versions(history, state, people)


def allowed_values(operations: Sequence[Operation], before: str) -> set[str]:
    """Return the values that a register may have after one client's operations, in order.

    The last acknowledged one counts, or a later one of which nobody knows. An earlier one counts
    too if it could still take effect when the last acknowledged one began.
    """
    allowed = {before}
    unsettled: list[Operation] = []
    for one in operations:
        if one.outcome == "ok":
            unsettled = [old for old in unsettled if old.in_doubt_until_s > one.invoke_s]
            allowed = {one.value} | {old.value for old in unsettled}
        elif one.outcome == "info":
            allowed.add(one.value)
        if one.in_doubt_until_s > one.complete_s or one.outcome == "info":
            unsettled.append(one)
    return allowed


def _by_register(history: History) -> dict[tuple[int, str, str], list[Operation]]:
    found: dict[tuple[int, str, str], list[Operation]] = defaultdict(list)
    for one in history.of_kind(*EDGES, *FIELDS):
        found[(one.client, one.kind, one.key)].append(one)
    return found


def _check_versions(history: History, state: State, people: dict[int, int]) -> Iterator[Finding]:
    """A profile's version counts its edits: fewer than were acknowledged means a lost update."""
    edits: dict[int, int] = defaultdict(int)
    for one in history.of_kind(*FIELDS):
        edits[one.client] += one.outcome == "ok"
    for client, person_id in people.items():
        version = int(state.profiles.get(person_id, {}).get("version", 0))
        if version < 1 + edits[client]:
            yield Finding(
                "lost update",
                f"the profile of client {client} has version {version} after {edits[client]}"
                " acknowledged edits",
            )
