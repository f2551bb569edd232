"""Sessions over HTTP."""

from tests.users.cast import PASSWORD, Cast
from tests.users.users_api import UsersApi


async def test_sign_in_replies_201(api: UsersApi, cast: Cast) -> None:
    alice = (await cast.person("alice"))["user"]
    response = await api.post(
        "/sessions", {"login": alice["username"], "password": PASSWORD, "device": "tablet"}
    )
    assert response.status_code == 201
    assert response.json()["user"] == alice


async def test_wrong_credentials_give_401(api: UsersApi) -> None:
    response = await api.post("/sessions", {"login": "nobody", "password": PASSWORD})
    assert response.status_code == 401
    assert response.json()["code"] == "wrong_credentials"
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_check_tells_the_user_of_each_token_or_that_it_is_made_up(
    api: UsersApi, cast: Cast
) -> None:
    alice, bob = await cast.person("alice"), await cast.person("bob")
    tokens = [alice["session"]["access_token"], "rta_made.up", bob["session"]["access_token"]]
    reply = await api.post("/sessions/check", {"access_tokens": tokens})
    assert reply.status_code == 200
    first, second, third = reply.json()["answers"]
    assert (first["state"], first["session"]["user_id"]) == ("good", alice["user"]["id"])
    assert second == {"state": "made_up", "session": None}
    assert (third["state"], third["session"]["user_id"]) == ("good", bob["user"]["id"])


async def test_a_check_takes_no_more_than_a_hundred_tokens(api: UsersApi) -> None:
    for count, status in ((100, 200), (101, 422)):
        reply = await api.post("/sessions/check", {"access_tokens": ["rta_made.up"] * count})
        assert reply.status_code == status


async def test_a_refresh_gives_the_next_tokens(api: UsersApi, cast: Cast) -> None:
    first = (await cast.person("alice"))["session"]
    response = await api.post("/sessions/refresh", {"refresh_token": first["refresh_token"]})
    assert response.status_code == 200
    assert response.json()["session"]["refresh_token"] != first["refresh_token"]
    assert (await api.post("/sessions/refresh", {"refresh_token": "x"})).status_code == 401


async def test_devices_are_listed_and_signed_out_one_by_one(api: UsersApi, cast: Cast) -> None:
    alice = await cast.person("alice")
    alice_id = alice["user"]["id"]
    login = {"login": alice["user"]["username"], "password": PASSWORD, "device": "tablet"}
    tablet = (await api.post("/sessions", login)).json()["session"]
    listed = (await api.get("/sessions", alice_id)).json()["items"]
    assert [device["device"] for device in listed] == ["tablet", "alice's phone"]
    for _time in range(2):
        assert (await api.delete(f"/sessions/{tablet['id']}", alice_id)).status_code == 204
    listed = (await api.get("/sessions", alice_id)).json()["items"]
    assert [device["id"] for device in listed] == [alice["session"]["id"]]
