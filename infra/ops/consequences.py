"""What a process that does not work means for people, by its kind."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from infra.ops.state import DatabaseNow, ProcessNow, StateNow

_DEAD_PROCESS = "docs/operations/dead-process.md"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What it means, whether people outside notice, and the page that says what to do."""

    people_notice: bool
    sentence: str
    page: str = _DEAD_PROCESS


_SERVICES = {
    "gateway": "No request is answered.",
    "users": "Nobody can sign in, and profiles are not shown.",
    "upload": "Photos are neither taken nor shown, except from the balancers' caches.",
    "feed": "No timeline is shown, and nothing can be published.",
    "nginx": "Nobody reaches the suite.",
}
_WORKERS = {
    "users": "Follows across shards, deletions and exports wait.",
    "upload": "New photos stay in processing.",
    "feed": "New posts do not reach home timelines until they are opened anew.",
}
_REDISES = {
    "gateway": "Limits are counted by each gateway alone; people notice nothing.",
    "users": "Sessions are read from the database; people notice nothing.",
    "upload": "Photos are read from the database; people notice nothing.",
    "feed": "Timelines are made from the database, which takes longer.",
}
_OTHERS = {
    "store": Consequence(True, "Photos can neither be taken nor be shown, except from caches."),
    "dns": Consequence(False, "Processes go on with the addresses that they know."),
    "backup-store": Consequence(
        False, "Backups wait, and WAL grows on the primaries.", "docs/operations/backups.md"
    ),
    "backup-keeper": Consequence(
        False, "No backups are taken meanwhile.", "docs/operations/backups.md"
    ),
    "caretaker": Consequence(False, "Certificates are not renewed, and this page sees no states."),
    "etcd": Consequence(
        False, "With the majority gone, no leader is elected.", "docs/operations/failover.md"
    ),
    "fence": Consequence(
        False, "A hanging leader would not be ended.", "docs/operations/failover.md"
    ),
    "prometheus": Consequence(False, "There are no measurements, and nothing raises an alert."),
    "alertmanager": Consequence(False, "Alerts reach nobody."),
    "automation": Consequence(False, "Nothing is mended by itself; nothing else depends on it."),
}


def consequence_of(process: ProcessNow, state: StateNow, down: Collection[str]) -> Consequence:
    """Return what it means that this process does not work; `down` names all that do not."""
    by_kind: dict[str, Callable[[ProcessNow, StateNow, Collection[str]], Consequence]] = {
        "postgres": _of_postgres,
        "redis": _of_redis,
    }
    if process.kind in by_kind:
        return by_kind[process.kind](process, state, down)
    if process.service in _SERVICES:
        return _of_service(process, state, down)
    return _OTHERS.get(process.service, Consequence(False, "Measurements of it are missing."))


def shards_in_words(database: DatabaseNow) -> str:
    """Return the ranges of a database's shards, such as 0 to 31."""
    ranges = [
        f"{first} to {last}" if last > first else f"{first}" for first, last in database.shards
    ]
    return ", ".join(ranges) or "none"


def _of_postgres(process: ProcessNow, state: StateNow, _down: Collection[str]) -> Consequence:
    database = next((one for one in state.databases if process.server in one.members), None)
    if database is None:
        return Consequence(True, "A database is away.", "docs/operations/lost-primary.md")
    if database.leader and process.server != database.leader:
        sentence = f"Nothing stands by for {database.leader}, which also serves all reads now."
        return Consequence(False, sentence)
    where = f"{database.service} (shards {shards_in_words(database)})"
    if state.has_failover:
        return Consequence(
            True,
            f"It led: writes to {where} fail until a replica leads, within seconds.",
            "docs/operations/failover.md",
        )
    return Consequence(
        True,
        f"It is the primary: writes to {where} fail. Its replica still answers reads.",
        "docs/operations/lost-primary.md",
    )


def _of_redis(process: ProcessNow, _state: StateNow, _down: Collection[str]) -> Consequence:
    sentence = _REDISES.get(process.server, "Caches are empty.")
    return Consequence(process.server == "feed", sentence, "docs/operations/lost-redis.md")


def _of_service(process: ProcessNow, state: StateNow, down: Collection[str]) -> Consequence:
    alike = [one for one in state.processes if one.service == process.service]
    is_worker = "-worker-" in process.name
    peers = [one.name for one in alike if ("-worker-" in one.name) == is_worker]
    left = [name for name in peers if name not in down]
    if left and process.service == "nginx":
        return Consequence(True, f"Clients at its address get no answer; {left[0]} serves others.")
    if left:
        verb = "serves" if len(left) == 1 else "serve"
        return Consequence(False, f"{' and '.join(left)} {verb} alone: people notice nothing.")
    if is_worker:
        return Consequence(True, _WORKERS.get(process.service, "Background work waits."))
    return Consequence(True, _SERVICES[process.service])
