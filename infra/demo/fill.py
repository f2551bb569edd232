"""Creates the missing accounts, follows, posts and likes of a world."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from infra.demo.pictures import draw_picture
from infra.demo.public_api import ApiError, PublicApi
from infra.demo.world import PASSWORD, DemoPerson, DemoPost, World

T = TypeVar("T")

# Called after each thing with the stage's name.
OnDone = Callable[[str], None]
PEOPLE, FOLLOWS, POSTS, LIKES = "people", "follows", "posts", "likes"


@dataclass(slots=True)
class Account:
    """A person's account; the counts are from before this run added anything."""

    user_id: str
    username: str
    token: str
    posts_count: int
    following_count: int


@dataclass(slots=True)
class Filling:
    """The state of a run: accounts are by rank, ids of posts by their number."""

    api: PublicApi
    world: World
    seed: int
    at_once: int
    on_done: OnDone
    accounts: dict[int, Account] = field(default_factory=dict)
    post_ids: dict[int, str] = field(default_factory=dict)


async def is_filled(api: PublicApi, world: World, at_once: int) -> bool:
    """Whether the whole world exists; needs one request if nothing does."""
    last_fan, last_liked = world.likes[-1] if world.likes else (0, 0)
    try:
        session = await api.sign_in(world.people[last_fan].username, PASSWORD)
    except ApiError as error:
        if error.code == "wrong_credentials":
            return False
        raise
    token = session["session"]["access_token"]

    async def is_whole(person: DemoPerson) -> bool:
        try:
            counts = (await api.profile(person.username, token))["counts"]
        except ApiError:
            return False
        wanted = (len(world.posts_of(person.rank)), world.followees_of(person.rank))
        return (counts["posts"] or 0) >= wanted[0] and counts["following"] >= wanted[1]

    whole = await _each(world.people, is_whole, at_once)
    return all(whole) and await _likes_are_there(api, world, last_liked, token)


async def fill(filling: Filling) -> None:
    """Add what is missing, stage by stage, also after an interrupted run."""
    world = filling.world
    await _each(world.people, lambda person: _enter(filling, person), filling.at_once)
    await _each(world.follows, lambda follow: _follow(filling, *follow), filling.at_once)
    by_author: dict[int, list[DemoPost]] = defaultdict(list)
    for post in world.posts:
        by_author[post.author].append(post)
    await _find_posts(filling, by_author)
    # An author's posts go one after another, so that the missing ones are always the newest.
    turns = {author: asyncio.Lock() for author in by_author}
    await _each(world.posts, lambda post: _publish(filling, post, turns), filling.at_once)
    await _each(world.likes, lambda like: _like(filling, *like), filling.at_once)


async def _likes_are_there(api: PublicApi, world: World, number: int, token: str) -> bool:
    if not world.likes:
        return True
    author = world.posts[number].author
    profile = await api.profile(world.people[author].username, token)
    posts = await api.posts_of(profile["id"], token)
    index = world.posts_of(author).index(world.posts[number])
    return index < len(posts) and bool(posts[index]["viewer"]["liked"])


async def _enter(filling: Filling, person: DemoPerson) -> None:
    account = {
        "username": person.username,
        "email": person.email,
        "password": PASSWORD,
        "device": person.device,
    }
    try:
        entered = await filling.api.sign_up(account)
    except ApiError as error:
        if error.code != "username_taken":
            raise
        entered = await filling.api.sign_in(person.username, PASSWORD)
    user: dict[str, Any] = entered["user"]
    filling.accounts[person.rank] = Account(
        user["id"],
        person.username,
        entered["session"]["access_token"],
        user["counts"]["posts"] or 0,
        user["counts"]["following"],
    )
    filling.on_done(PEOPLE)


async def _as(filling: Filling, rank: int, call: Callable[[str], Coroutine[Any, Any, T]]) -> T:
    """Call with this person's token, or with a new one if the token has expired."""
    account = filling.accounts[rank]
    try:
        return await call(account.token)
    except ApiError as error:
        if error.status != HTTPStatus.UNAUTHORIZED:
            raise
    entered = await filling.api.sign_in(account.username, PASSWORD)
    account.token = entered["session"]["access_token"]
    return await call(account.token)


async def _follow(filling: Filling, follower: int, followee: int) -> None:
    account = filling.accounts[follower]
    if account.following_count < filling.world.followees_of(follower):
        user_id = filling.accounts[followee].user_id
        await _as(filling, follower, lambda token: filling.api.follow(user_id, token))
    filling.on_done(FOLLOWS)


async def _find_posts(filling: Filling, by_author: dict[int, list[DemoPost]]) -> None:
    async def find(author: int) -> None:
        account = filling.accounts[author]
        if account.posts_count:
            found = await _as(
                filling, author, lambda token: filling.api.posts_of(account.user_id, token)
            )
            for post, there in zip(by_author[author], found, strict=False):
                filling.post_ids[post.number] = there["id"]

    await _each(list(by_author), find, filling.at_once)


async def _publish(filling: Filling, post: DemoPost, turns: dict[int, asyncio.Lock]) -> None:
    async with turns[post.author]:
        if post.number not in filling.post_ids:
            filling.post_ids[post.number] = await _upload_and_publish(filling, post)
    filling.on_done(POSTS)


async def _upload_and_publish(filling: Filling, post: DemoPost) -> str:
    key = f"demo-{filling.seed}-{post.number}"
    photo_ids = [
        await _upload(filling, post, picture, f"{key}-{number}")
        for number, picture in enumerate(post.pictures)
    ]
    draft = {"photo_ids": photo_ids, "caption": post.caption, "place": post.place}
    return await _as(filling, post.author, lambda token: filling.api.publish(draft, key, token))


async def _upload(filling: Filling, post: DemoPost, picture: int, key: str) -> str:
    jpeg = await asyncio.to_thread(draw_picture, post.kind, picture)
    return await _as(filling, post.author, lambda token: filling.api.upload(jpeg, key, token))


async def _like(filling: Filling, fan: int, number: int) -> None:
    post_id = filling.post_ids[number]
    await _as(filling, fan, lambda token: filling.api.like(post_id, token))
    filling.on_done(LIKES)


async def _each(things: Iterable[T], do: Callable[[T], Awaitable[Any]], at_once: int) -> list[Any]:
    """Await `do` for each thing, `at_once` at a time; raises the first failure."""
    todo = enumerate(things)
    results: dict[int, Any] = {}

    async def work() -> None:
        for index, thing in todo:
            results[index] = await do(thing)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(at_once):
                workers.create_task(work())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [results[index] for index in sorted(results)]
