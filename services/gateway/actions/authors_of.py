"""The cards of authors, from users or, while it does not answer, as it decided a moment ago."""

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Counter

from services.gateway.clients.known_cards import KnownCards
from services.gateway.domain.posts import Authors
from services.gateway.store.recent_changes import RecentChanges
from shared.errors import Unavailable

_FROM_MEMORY = Counter(
    "retrato_gateway_authors_from_memory_total",
    "Pages whose authors were shown as they were up to a minute ago, as users did not answer.",
)


@dataclass(frozen=True, slots=True)
class AuthorCards:
    """Makes a page's authors known; one for the process."""

    known: KnownCards
    changes: RecentChanges

    async def of(self, author_ids: Sequence[int], viewer_id: int) -> Authors:
        """As users decides now; raises Unavailable."""
        return await self.known.ask(author_ids, viewer_id)

    async def of_page(self, author_ids: Sequence[int], viewer_id: int) -> tuple[Authors, bool]:
        """The same, and whether it is true of now. Raises Unavailable where nothing is known."""
        try:
            return await self.known.ask(author_ids, viewer_id), True
        except Unavailable:
            # The viewer loses the posts of those who were not met within the last minute, of those
            # who have changed something since, and of all if the viewer has.
            still_true = await self._still_true(author_ids, viewer_id)
            if not still_true:
                raise
            _FROM_MEMORY.inc()
            return still_true, False

    async def _still_true(self, author_ids: Sequence[int], viewer_id: int) -> Authors:
        remembered = self.known.recent(author_ids, viewer_id)
        people = {viewer_id, *(card["id"] for card, _ in remembered)}
        void_before_s = await self.changes.void_before_s(people)
        return {
            str(card["id"]): card
            for card, decided_at_s in remembered
            if decided_at_s > max(void_before_s[card["id"]], void_before_s[viewer_id])
        }
