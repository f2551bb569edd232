"""Cards are remembered per viewer, for a minute, within a bound."""

from typing import Any, cast

from services.gateway.clients.known_cards import KnownCards
from services.gateway.clients.users import UsersClient
from shared.contracts.people import Card
from tests.gateway.samples import ALICE, BOB, CAROL, card


class FakeUsers:
    def __init__(self) -> None:
        self.hidden: set[int] = set()

    async def cards(self, user_ids: list[int], *, viewer_id: int) -> dict[str, Card]:
        assert viewer_id
        return {str(user_id): card(user_id) for user_id in user_ids if user_id not in self.hidden}


def known(users: FakeUsers, **limits: Any) -> KnownCards:
    return KnownCards(cast(UsersClient, users), **limits)


def people(found: list[tuple[Card, float]]) -> list[int]:
    return [card["id"] for card, _ in found]


async def test_a_card_is_remembered_for_its_viewer_only() -> None:
    cards = known(FakeUsers())
    await cards.ask([BOB], ALICE)
    assert people(cards.recent([BOB, CAROL], ALICE)) == [BOB]
    assert cards.recent([BOB], CAROL) == []


async def test_an_old_card_is_not_reused() -> None:
    cards = known(FakeUsers(), kept_s=0)
    await cards.ask([BOB], ALICE)
    assert cards.recent([BOB], ALICE) == []


async def test_a_card_hidden_since_is_forgotten() -> None:
    users = FakeUsers()
    cards = known(users)
    await cards.ask([BOB], ALICE)
    users.hidden.add(BOB)
    await cards.ask([BOB], ALICE)
    assert cards.recent([BOB], ALICE) == []


async def test_memory_is_bounded_and_the_oldest_card_goes_first() -> None:
    cards = known(FakeUsers(), cards_max=2)
    for user_id in (ALICE, BOB, CAROL):
        await cards.ask([user_id], ALICE)
    assert people(cards.recent([ALICE, BOB, CAROL], ALICE)) == [BOB, CAROL]
