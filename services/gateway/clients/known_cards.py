"""Cards that users has recently decided for each viewer, reused for seconds."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from services.gateway.clients.users import UsersClient
from shared.contracts.people import Card

# Relationships and pictures change, so a remembered card only bridges a short outage.
KEPT_S = 60.0
# A card is reused this long if its people have changed nothing since, which invalidations tell.
# Other changes, such as a picture that became ready, show this much later.
FRESH_S = 5.0
# About 600 bytes each: the pages of some 2,000 viewers.
CARDS_MAX = 30_000


class KnownCards:
    """Asks users and remembers by viewer, since a card depends on its viewer."""

    def __init__(
        self,
        users: UsersClient,
        *,
        fresh_s: float = FRESH_S,
        kept_s: float = KEPT_S,
        cards_max: int = CARDS_MAX,
    ) -> None:
        self._users = users
        self._fresh_s = fresh_s
        self._kept_s = kept_s
        self._cards_max = cards_max
        self._known: OrderedDict[tuple[int, int], tuple[Card, float]] = OrderedDict()

    async def ask(self, user_ids: Sequence[int], viewer_id: int) -> Mapping[str, Card]:
        """Cards by decimal id, as users decides now; raises Unavailable."""
        asked_at_s = time.time()
        cards = await self._users.cards(list(user_ids), viewer_id=viewer_id)
        for user_id in user_ids:
            self._remember((viewer_id, user_id), cards.get(str(user_id)), asked_at_s)
        return cards

    def fresh(self, user_ids: Sequence[int], viewer_id: int) -> list[tuple[Card, float]]:
        """Cards decided for this viewer within `fresh_s`, each with its Unix time."""
        return self._since(time.time() - self._fresh_s, user_ids, viewer_id)

    def recent(self, user_ids: Sequence[int], viewer_id: int) -> list[tuple[Card, float]]:
        """Cards decided for this viewer within `kept_s`, each with its Unix time."""
        return self._since(time.time() - self._kept_s, user_ids, viewer_id)

    def _since(
        self, oldest_s: float, user_ids: Sequence[int], viewer_id: int
    ) -> list[tuple[Card, float]]:
        known = [self._known.get((viewer_id, user_id)) for user_id in user_ids]
        return [found for found in known if found is not None and found[1] >= oldest_s]

    def _remember(self, key: tuple[int, int], card: Card | None, asked_at_s: float) -> None:
        if card is None:
            # Hidden or gone: the earlier card must not be shown again.
            self._known.pop(key, None)
            return
        self._known[key] = (card, asked_at_s)
        self._known.move_to_end(key)
        while len(self._known) > self._cards_max:
            self._known.popitem(last=False)
