"""The demo adds what is missing, continues after an interruption, and then adds nothing."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

import pytest

from infra.demo.fill import FOLLOWS, LIKES, PEOPLE, POSTS, Filling, fill, is_filled
from infra.demo.public_api import ApiError, PublicApi
from infra.demo.world import World, compose_world


class FakeApi:
    """A fake of the public API with dictionaries; a token is the username."""

    def __init__(self) -> None:
        self.users: list[str] = []
        self.follows: set[tuple[str, str]] = set()
        self.posts: dict[str, list[dict[str, Any]]] = {}
        self.likes: set[tuple[str, str]] = set()
        self.changes: Counter[str] = Counter()
        self.breaks_at: int | None = None

    async def sign_up(self, account: Mapping[str, str]) -> dict[str, Any]:
        if account["username"] in self.users:
            raise ApiError("POST /v1/users", 409, "username_taken", "")
        self.users.append(account["username"])
        return await self.sign_in(account["username"], account["password"])

    async def sign_in(self, login: str, _password: str) -> dict[str, Any]:
        if login not in self.users:
            raise ApiError("POST /v1/sessions", 401, "wrong_credentials", "")
        return {"user": await self.profile(login, login), "session": {"access_token": login}}

    async def profile(self, username: str, _token: str) -> dict[str, Any]:
        if username not in self.users:
            raise ApiError("GET /v1/users", 404, "not_found", "")
        following = sum(1 for follower, _ in self.follows if follower == username)
        counts = {"posts": len(self.posts.get(username, [])), "following": following}
        return {"id": username, "counts": counts}

    async def follow(self, user_id: str, token: str) -> None:
        self.changes["follow"] += 1
        self.follows.add((token, user_id))

    async def upload(self, _jpeg: bytes, key: str, _token: str) -> str:
        return key

    async def publish(self, draft: Mapping[str, Any], key: str, token: str) -> str:
        if self.changes["publish"] == self.breaks_at:
            raise ApiError("POST /v1/posts", 500, "internal_error", "")
        self.changes["publish"] += 1
        self.posts.setdefault(token, []).append({"id": key, "caption": draft["caption"]})
        return key

    async def posts_of(self, user_id: str, token: str) -> list[dict[str, Any]]:
        return [
            {**post, "viewer": {"liked": (token, post["id"]) in self.likes}}
            for post in self.posts.get(user_id, [])
        ]

    async def like(self, post_id: str, token: str) -> None:
        self.changes["like"] += 1
        self.likes.add((token, post_id))


@pytest.fixture(scope="module")
def world() -> World:
    return compose_world(12, 20, seed=3)


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.demo.fill.draw_picture", lambda _kind, _seed: b"")


async def run(api: FakeApi, world: World) -> Counter[str]:
    done: Counter[str] = Counter()

    def count(stage: str) -> None:
        done[stage] += 1

    await fill(Filling(cast(PublicApi, api), world, 3, 4, count))
    return done


async def is_whole(api: FakeApi, world: World) -> bool:
    return await is_filled(cast(PublicApi, api), world, 4)


async def test_everything_of_the_world_is_made(world: World) -> None:
    api = FakeApi()
    assert not await is_whole(api, world)
    done = await run(api, world)
    assert done == {PEOPLE: 12, FOLLOWS: len(world.follows), POSTS: 20, LIKES: len(world.likes)}
    assert len(api.follows) == len(world.follows)
    assert len(api.likes) == len(world.likes)
    assert await is_whole(api, world)


async def test_each_person_has_their_own_posts_in_order(world: World) -> None:
    api = FakeApi()
    await run(api, world)
    for person in world.people:
        wanted = [post.caption for post in world.posts_of(person.rank)]
        assert [post["caption"] for post in api.posts[person.username]] == wanted


async def test_a_run_that_was_broken_off_is_gone_on_with(world: World) -> None:
    api = FakeApi()
    api.breaks_at = 9
    with pytest.raises(ApiError):
        await run(api, world)
    assert not await is_whole(api, world)
    api.breaks_at = None
    await run(api, world)
    assert api.changes["publish"] == 20
    assert await is_whole(api, world)


async def test_a_second_run_follows_and_publishes_nothing_again(world: World) -> None:
    api = FakeApi()
    await run(api, world)
    before = dict(api.changes)
    await run(api, world)
    assert api.changes["publish"] == before["publish"]
    assert api.changes["follow"] == before["follow"]


async def test_a_session_that_runs_out_on_the_way_is_renewed(world: World) -> None:
    api = FakeApi()
    like = api.like

    async def run_out_once(post_id: str, token: str) -> None:
        if not api.changes["like"] and not api.changes["expired"]:
            api.changes["expired"] += 1
            raise ApiError("PUT like", 401, "session_ended", "")
        await like(post_id, token)

    api.like = run_out_once  # type: ignore[method-assign]
    await run(api, world)
    assert api.changes["expired"] == 1
    assert len(api.likes) == len(world.likes)
