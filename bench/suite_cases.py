"""What people do, through nginx and all the rest: how fast, how long, at what cost to whom."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

import orjson

from bench.bench_world import World, with_comment
from bench.closed_loop import Run, closed_loop
from bench.cpu_meter import cpu_seconds, spent_between
from tests.eventually import eventually
from tests.journeys.phone import JPEG, PASSWORD
from tests.upload.pictures import jpeg, photograph

AT_ONCE = 16
SECONDS = 8.0
# Each of these costs what a hundred reads do; so many tell enough.
COSTLY_MAX, COSTLY_AT_ONCE = 60, 4
# From one address, no more in five minutes, however loose the other limits are.
SIGN_INS_MAX = 20
PAUSE_S = 2.0


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case; processor time in milliseconds a request, by kind of process."""

    name: str
    run: Run
    cpu_ms: Mapping[str, float]


async def suite_cases(world: World) -> list[CaseResult]:
    """All of them, one after the other."""
    picture = jpeg(photograph(3000, 4000))
    photo_ids: list[str] = []

    async def all_processed() -> None:
        for photo_id in photo_ids:
            await eventually(partial(_is_ready, world, photo_id), within_s=60)

    return [
        await _measured("home timeline, 20 posts", world, READS["home"](world)),
        await _measured("profile", world, READS["profile"](world)),
        await _measured("a person's posts", world, READS["posts"](world)),
        await _measured(
            "upload, 12 MP, and processing",
            world,
            _upload(world, picture, photo_ids),
            COSTLY_MAX,
            all_processed,
        ),
        await _measured("publish a photo", world, _publish(world, photo_ids), COSTLY_MAX),
        await _measured("sign in", world, _sign_in(world), SIGN_INS_MAX),
    ]


async def _measured(
    name: str,
    world: World,
    ask: Callable[[int], Awaitable[bool]],
    count_max: int | None = None,
    afterwards: Callable[[], Awaitable[None]] | None = None,
) -> CaseResult:
    # What an earlier case has left under way is not this one's.
    await asyncio.sleep(PAUSE_S)
    before = cpu_seconds(world.suite)
    if count_max is None:
        run = await closed_loop(ask, at_once=AT_ONCE, seconds=SECONDS)
    else:
        run = await closed_loop(ask, at_once=COSTLY_AT_ONCE, seconds=120.0, count_max=count_max)
    if afterwards is not None:
        await afterwards()
    spent = spent_between(before, cpu_seconds(world.suite))
    answered = max(1, run.count + run.failed)
    cpu_ms = {kind: seconds / answered * 1000 for kind, seconds in spent.items()}
    return CaseResult(name, run, {kind: ms for kind, ms in cpu_ms.items() if ms >= 0.005})


def _home(world: World) -> Callable[[int], Awaitable[bool]]:
    async def ask(_number: int) -> bool:
        request = world.request("GET", "/v1/timelines/home?limit=20", random.choice(world.people))
        return (await world.send(request)).status_code == 200

    return ask


def _profile(world: World) -> Callable[[int], Awaitable[bool]]:
    async def ask(_number: int) -> bool:
        viewer, other = random.sample(world.people, 2)
        request = world.request("GET", f"/v1/users/{other.id}", viewer)
        return (await world.send(request)).status_code == 200

    return ask


def _posts_of(world: World) -> Callable[[int], Awaitable[bool]]:
    async def ask(_number: int) -> bool:
        viewer, other = random.sample(world.people, 2)
        request = world.request("GET", f"/v1/users/{other.id}/posts", viewer)
        return (await world.send(request)).status_code == 200

    return ask


def _upload(world: World, picture: bytes, photo_ids: list[str]) -> Callable[[int], Awaitable[bool]]:
    async def ask(_number: int) -> bool:
        content = with_comment(picture)
        request = world.request("POST", "/v1/photos", world.people[0], content=content, **JPEG)
        reply = await world.send(request)
        if reply.status_code == 202:
            photo_ids.append(orjson.loads(reply.content)["photo"]["id"])
        return reply.status_code == 202

    return ask


async def _is_ready(world: World, photo_id: str) -> None:
    reply = await world.send(world.request("GET", f"/v1/photos/{photo_id}", world.people[0]))
    assert orjson.loads(reply.content)["state"] == "ready"


def _publish(world: World, photo_ids: list[str]) -> Callable[[int], Awaitable[bool]]:
    async def ask(number: int) -> bool:
        if number >= len(photo_ids):
            return False
        draft = orjson.dumps({"photo_ids": [photo_ids[number]], "caption": "bench"})
        request = world.request(
            *("POST", "/v1/posts", world.people[0]),
            content=draft,
            Content_Type="application/json",
        )
        return (await world.send(request)).status_code == 201

    return ask


def _sign_in(world: World) -> Callable[[int], Awaitable[bool]]:
    async def ask(number: int) -> bool:
        person = world.people[number % len(world.people)]
        form = {"login": person.username, "password": PASSWORD, "device": "bench"}
        request = world.request(
            *("POST", "/v1/sessions", person),
            content=orjson.dumps(form),
            Content_Type="application/json",
        )
        return (await world.send(request)).status_code == 201

    return ask


# What a profile can be taken of, by name.
READS: Mapping[str, Callable[[World], Callable[[int], Awaitable[bool]]]] = {
    "home": _home,
    "profile": _profile,
    "posts": _posts_of,
}
