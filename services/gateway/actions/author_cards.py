"""The cards of authors, as users decides or has just decided, and while it is away a moment ago."""

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Counter

from services.gateway.clients.known_cards import KnownCards
from services.gateway.domain.visibility import CardsById
from services.gateway.store.invalidations import Invalidations
from shared.contracts.people import Card
from shared.errors import NotFound, Unavailable

_CARDS = Counter("retrato_gateway_cards_total", "Cards that pages were made with.", ["decided"])
_JUST_BEFORE, _NOW = _CARDS.labels("just before"), _CARDS.labels("now")
_FROM_MEMORY = Counter(
    "retrato_gateway_authors_from_memory_total",
    "Pages whose authors were shown as they were up to a minute ago, as users did not answer.",
)


@dataclass(frozen=True, slots=True)
class AuthorCards:
    """Makes a page's authors known; one for the process."""

    known: KnownCards
    invalidations: Invalidations

    async def current_cards(self, author_ids: Sequence[int], viewer_id: int) -> CardsById:
        """As users decides now; raises Unavailable."""
        return await self.known.ask(author_ids, viewer_id)

    async def page_cards(self, author_ids: Sequence[int], viewer_id: int) -> tuple[CardsById, bool]:
        """For reading; and whether it is true of now. Raises Unavailable where nothing is known."""
        fresh = self._fresh(author_ids, viewer_id)
        if len(fresh) == len(set(author_ids)):
            _JUST_BEFORE.inc(len(fresh))
            return fresh, True
        try:
            # Of all, known or not, at the price of one: else they would grow old one by one, and
            # nearly every page would ask for some.
            asked = await self.known.ask(author_ids, viewer_id)
        except Unavailable:
            # The viewer loses the posts of those who were not met within the last minute, of those
            # who have changed something since, and of all if the viewer has.
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
        """Those of people under somebody's post, and of its author, who decides whether it is met.

        Raises NotFound where the viewer may not see what the author publishes, and Unavailable
        where that is not known.
        """
        ids = list(dict.fromkeys((author_id, *people_ids)))
        people, is_of_now = await self.page_cards(ids, viewer_id)
        author = people.get(str(author_id))
        if author is None and not is_of_now:
            raise Unavailable("Whether you may see this cannot be told at the moment.")
        if author is None or not author["may_view"]:
            raise NotFound
        return people

    def _fresh(self, author_ids: Sequence[int], viewer_id: int) -> CardsById:
        try:
            return self._still_true(self.known.fresh(author_ids, viewer_id), viewer_id)
        except Unavailable:
            # Who has changed something cannot be known, so that users is asked.
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
