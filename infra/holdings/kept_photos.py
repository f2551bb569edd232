"""Judges the object store by its marker and its number of objects."""

from collections.abc import Iterator

from infra.holdings.facts import Presence, StoreFacts
from infra.holdings.findings import Case, Finding, Trouble
from infra.holdings.ledger import Ledger

# After a crash the count is that of the last clean stop, and people delete photos meanwhile. They
# do not delete half of them, if there are more than a few.
_SHARE_MIN = 0.5
_OBJECTS_WORTH_A_WORD = 20

_DEPENDS = "every picture depends on it"


def compare_store(
    ledger: Ledger | None, store: StoreFacts, something_was_there: bool
) -> Iterator[Finding]:
    """Yield a finding if the store is not this suite's, or has lost many objects."""
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
