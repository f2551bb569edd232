"""Cards over HTTP."""

import pytest

from services.users.api.cards import CARDS_MAX
from tests.users.cast import Cast
from tests.users.users_api import UsersApi


async def test_cards_come_by_decimal_id(api: UsersApi, cast: Cast) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    response = await api.post("/cards", {"ids": [alice, bob, 2**50]}, alice)
    assert response.status_code == 200
    cards = response.json()["cards"]
    assert set(cards) == {str(alice), str(bob)}
    assert cards[str(bob)]["may_view"] is True
    assert cards[str(bob)]["avatar_key"] is None


async def test_no_ids_give_no_cards(api: UsersApi) -> None:
    assert (await api.post("/cards", {"ids": []}, 1)).json() == {"cards": {}}


@pytest.mark.parametrize("ids", [[0], [2**63], ["x"], [1] * (CARDS_MAX + 1), None])
async def test_too_many_ids_give_422(api: UsersApi, ids: object) -> None:
    assert (await api.post("/cards", {"ids": ids}, 1)).status_code == 422


async def test_ids_come_by_username_in_any_case(api: UsersApi, cast: Cast) -> None:
    alice = (await cast.person("alice"))["user"]
    bob = await cast.user_id("bob")
    asked = [alice["username"], alice["username"].upper(), "nobody.at.all", "no name"]
    response = await api.post("/usernames", {"usernames": asked}, bob)
    assert response.json() == {"ids": {asked[0]: alice["id"], asked[1]: alice["id"]}}


async def test_a_person_who_blocks_the_viewer_is_not_found_by_username(
    api: UsersApi, cast: Cast
) -> None:
    alice = (await cast.person("alice"))["user"]
    bob = await cast.user_id("bob")
    await api.put(f"/users/{bob}/block", alice["id"])
    response = await api.post("/usernames", {"usernames": [alice["username"]]}, bob)
    assert response.json() == {"ids": {}}
