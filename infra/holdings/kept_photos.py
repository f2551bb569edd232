"""Judges the object store by its marker and by how much it holds."""

from collections.abc import Iterator

from infra.holdings.facts import Presence, StoreFacts
from infra.holdings.findings import Case, Finding, Trouble
from infra.holdings.ledger import Ledger

# After a crash the count of the last clean stop is old, and people delete photos. Half of it gone
# is no ordinary day's work where there is more than a handful.
_SHARE_MIN = 0.5
_OBJECTS_WORTH_A_WORD = 20

_DEPENDS = "every picture depends on it"


def compare_store(
    ledger: Ledger | None, store: StoreFacts, something_was_there: bool
) -> Iterator[Finding]:
    """Whether the store is the one of this suite, and not much emptier than it was."""
    known = ledger.store if ledger else None
    was_made = bool(known and known.identity) if ledger else something_was_there
    if store.presence is Presence.MISSING:
        if was_made:
            yield _finding(Trouble.STORE_LOST, store, f"{store.place} is missing.")
    elif store.presence is Presence.DAMAGED:
        yield _finding(Trouble.STORE_OTHER, store, f"{store.damage}.")
    elif known and known.identity:
        yield from _against_ledger(store, known.identity, known.objects)
    elif store.identity is not None and not something_was_there and not known:
        sentence = f"{store.place} belongs to the suite {store.suite}, which is not here."
        yield _finding(Trouble.STORE_OTHER, store, sentence)


def _against_ledger(store: StoreFacts, identity: str, objects: int) -> Iterator[Finding]:
    if store.identity is None:
        sentence = f"{store.place} does not say whose it is: its marker is missing."
        yield _finding(Trouble.STORE_OTHER, store, sentence)
    elif store.identity != identity:
        sentence = f"{store.place} is of another suite: its marker says {store.identity}."
        yield _finding(Trouble.STORE_OTHER, store, sentence)
    elif objects >= _OBJECTS_WORTH_A_WORD and store.objects < objects * _SHARE_MIN:
        sentence = (
            f"{store.place} held {objects} objects when it was last counted, now {store.objects}."
        )
        yield _finding(Trouble.STORE_OTHER, store, sentence)


def _finding(trouble: Trouble, store: StoreFacts, sentence: str) -> Finding:
    return Finding(Case(trouble, "store", store.place), sentence, _DEPENDS)
