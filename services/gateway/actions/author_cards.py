"""Cards of a page's authors: remembered for seconds, else asked; older ones in an outage."""

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Counter

from services.gateway.clients.known_cards import KnownCards
from services.gateway.domain.visibility import CardsById
from services.gateway.store.invalidations import Invalidations
from shared.contracts.people import Card
from shared.errors import NotFound, Unavailable

_CARDS = Counter(
    "retrato_gateway_cards_total", "Cards in pages, by when users decided.", ["decided"]
)
_JUST_BEFORE, _NOW = _CARDS.labels("just before"), _CARDS.labels("now")
_FROM_MEMORY = Counter(
    "retrato_gateway_authors_from_memory_total",
    "Pages with cards up to a minute old, because users did not answer.",
)


@dataclass(frozen=True, slots=True)
class AuthorCards:
    """Finds the cards of a page's people; one per process."""

    known: KnownCards
    invalidations: Invalidations

    async def current_cards(self, author_ids: Sequence[int], viewer_id: int) -> CardsById:
        """Cards that users decides now; raises Unavailable."""
        return await self.known.ask(author_ids, viewer_id)

    async def page_cards(self, author_ids: Sequence[int], viewer_id: int) -> tuple[CardsById, bool]:
        """Cards for a read, and False if they come from an outage's memory.

        Raises Unavailable if none is known.
        """
        fresh = self._fresh(author_ids, viewer_id)
        if len(fresh) == len(set(author_ids)):
            _JUST_BEFORE.inc(len(fresh))
            return fresh, True
        try:
            # Ask for all cards, known ones too: it is one call either way, and they then expire
            # together. Cards that expire one by one would make nearly every page ask.
            asked = await self.known.ask(author_ids, viewer_id)
        except Unavailable:
            # The viewer misses posts of authors not read within the last minute or changed since.
            # If the viewer has changed something, all are missing.
            still_true = self._still_true(self.known.recent(author_ids, viewer_id), viewer_id)
            if not still_true:
                raise
            _FROM_MEMORY.inc()
            return still_true, False
        _NOW.inc(len(asked))
        return asked, True

    async def cards_under_post(
        self, author_id: int, people_ids: Sequence[int], viewer_id: int
    ) -> CardsById:
        """Cards of people under a post and of its author, who decides whether it is visible.

        Raises NotFound if the viewer may not see the author's posts, and Unavailable if that is
        unknown.
        """
        ids = list(dict.fromkeys((author_id, *people_ids)))
        people, is_of_now = await self.page_cards(ids, viewer_id)
        author = people.get(str(author_id))
        if author is None and not is_of_now:
            raise Unavailable("It is not known at the moment whether you may see this.")
        if author is None or not author["may_view"]:
            raise NotFound
        return people

    def _fresh(self, author_ids: Sequence[int], viewer_id: int) -> CardsById:
        try:
            return self._still_true(self.known.fresh(author_ids, viewer_id), viewer_id)
        except Unavailable:
            # Recent changes are unknown, so no remembered card counts and users is asked.
            return {}

    def _still_true(self, remembered: Sequence[tuple[Card, float]], viewer_id: int) -> CardsById:
        if not remembered:
            return {}
        void_before_s = self.invalidations.void_before_s()
        void_for_viewer_s = void_before_s.get(viewer_id, 0)
        return {
            str(card["id"]): card
            for card, decided_at_s in remembered
            if decided_at_s > void_for_viewer_s and decided_at_s > void_before_s.get(card["id"], 0)
        }
