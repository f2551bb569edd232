"""What phones do all day, at a steady rate: read, fetch pictures, upload, refresh, listen."""

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.failures.steady_load import ANSWER_SECONDS_MAX
from tests.journeys.phone import JPEG, account, picture

# More under way means that the machine does not keep up, which is no failure of the suite.
UNDER_WAY_MAX = 48
# How often a phone asks again where a kept connection closed before any reply.
_AGAIN_MAX = 2


@dataclass
class Outcome:
    """The requests so far, by kind, and the failures."""

    answered: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    resent: int = 0

    @property
    def total(self) -> int:
        """The number of good answers."""
        return sum(self.answered.values())


class Person:
    """Somebody with a phone, who keeps the tokens of the last refresh and a picture's address."""

    def __init__(self, http: httpx.AsyncClient, signed_in: dict[str, Any]) -> None:
        self.http = http
        self.id: str = signed_in["user"]["id"]
        self.username: str = signed_in["user"]["username"]
        self.session: dict[str, Any] = signed_in["session"]
        self.picture_url = ""
        self.photo_id = ""
        self.post_id = ""
        self.refreshing = asyncio.Lock()

    @property
    def headers(self) -> dict[str, str]:
        """What each request of the phone has."""
        return {"Authorization": f"Bearer {self.session['access_token']}"}


Act = Callable[[Person, Outcome], Awaitable[httpx.Response]]


@asynccontextmanager
async def people_of(http: httpx.AsyncClient, count: int) -> AsyncIterator[list[Person]]:
    """New people, each with a post of one picture."""
    people = []
    for number in range(count):
        reply = await http.post("/v1/users", json=account(f"phone{number}"))
        assert reply.status_code == 201, reply.text
        people.append(Person(http, reply.json()))
    for person in people:
        await _publish(person)
    yield people


async def _publish(person: Person) -> None:
    headers = {**person.headers, **JPEG}
    reply = await person.http.post("/v1/photos", content=picture(120, 150), headers=headers)
    assert reply.status_code == 202, reply.text
    draft = {"photo_ids": [reply.json()["photo"]["id"]], "caption": "a quiet day"}
    posted = await person.http.post("/v1/posts", json=draft, headers=person.headers)
    assert posted.status_code == 201, posted.text
    post = posted.json()["post"]
    person.post_id, photo = post["id"], post["photos"][0]
    person.photo_id, person.picture_url = photo["id"], photo["renditions"][0]["url"]


@asynccontextmanager
async def mixed_load(people: Sequence[Person], per_second: int) -> AsyncIterator[Outcome]:
    """Send requests of all kinds while the block runs, and hold a stream per four people."""
    outcome = Outcome()
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        for person in people[::4]:
            task = asyncio.create_task(_listen(person, outcome, stop))
            stack.push_async_callback(_finish, task)
        sender = asyncio.create_task(_send_all(people, per_second, outcome, stop))
        stack.push_async_callback(_finish, sender)
        stack.callback(stop.set)
        yield outcome


async def _finish(task: asyncio.Task[None]) -> None:
    await asyncio.wait({task}, timeout=2 * ANSWER_SECONDS_MAX)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _send_all(
    people: Sequence[Person], per_second: int, outcome: Outcome, stop: asyncio.Event
) -> None:
    loop = asyncio.get_running_loop()
    due_s = loop.time()
    under_way: set[asyncio.Task[None]] = set()
    for number, (kind, act) in enumerate(itertools.cycle(_ACTS)):
        if len(under_way) == UNDER_WAY_MAX:
            await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        due_s = max(due_s + 1 / per_second, loop.time())
        try:
            async with asyncio.timeout_at(due_s):
                await stop.wait()
            break
        except TimeoutError:
            pass
        # A round later each act is somebody else's, so that everybody does everything.
        person = people[(number + number // len(_ACTS)) * 7 % len(people)]
        task = asyncio.create_task(_act(kind, act, person, outcome))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.wait(under_way, timeout=ANSWER_SECONDS_MAX)


async def _act(kind: str, act: Act, person: Person, outcome: Outcome) -> None:
    try:
        reply = await act(person, outcome)
    except (httpx.HTTPError, KeyError) as error:
        outcome.failures.append(f"{kind}: {error!r}")
        return
    if reply.status_code >= 400:
        outcome.failures.append(f"{kind}: {reply.status_code} {reply.text[:200]}")
    else:
        outcome.answered[kind] = outcome.answered.get(kind, 0) + 1


async def _ask(
    person: Person, outcome: Outcome, method: str, path: str, **more: Any
) -> httpx.Response:
    """Send it as a phone does: again, if a kept connection closes before any reply."""
    headers = {**person.headers, **more.pop("headers", {})}
    for _ in range(_AGAIN_MAX):
        try:
            return await person.http.request(method, path, headers=headers, **more)
        except httpx.RemoteProtocolError:
            outcome.resent += 1
    return await person.http.request(method, path, headers=headers, **more)


def _get(path: str) -> Act:
    async def act(person: Person, outcome: Outcome) -> httpx.Response:
        return await _ask(person, outcome, "GET", path.format(id=person.id, post=person.post_id))

    return act


async def _like(person: Person, outcome: Outcome) -> httpx.Response:
    return await _ask(person, outcome, "PUT", f"/v1/posts/{person.post_id}/like")


async def _picture(person: Person, outcome: Outcome) -> httpx.Response:
    """Fetch a picture by the address of an earlier reply, then learn its next address."""
    reply = await _ask(person, outcome, "GET", person.picture_url)
    if reply.status_code == 200:
        photo = await _ask(person, outcome, "GET", f"/v1/photos/{person.photo_id}")
        photo.raise_for_status()
        person.picture_url = photo.json()["renditions"][0]["url"]
    return reply


async def _upload(person: Person, outcome: Outcome) -> httpx.Response:
    headers = {**JPEG, "Idempotency-Key": uuid.uuid4().hex}
    content = picture(120, 150)
    return await _ask(person, outcome, "POST", "/v1/photos", content=content, headers=headers)


async def _refresh(person: Person, outcome: Outcome) -> httpx.Response:
    async with person.refreshing:
        body = {"refresh_token": person.session["refresh_token"]}
        reply = await _ask(person, outcome, "POST", "/v1/sessions/refresh", json=body)
        if reply.status_code == 200:
            person.session = reply.json()["session"]
        return reply


async def _listen(person: Person, outcome: Outcome, stop: asyncio.Event) -> None:
    """Keep a stream open; one that ends is opened again, as phones do."""
    while not stop.is_set():
        try:
            await _one_stream(person, outcome, stop)
        except httpx.ReadError:
            pass
        except httpx.RemoteProtocolError:
            pass
        except httpx.HTTPError as error:
            outcome.failures.append(f"stream: {error!r}")


async def _one_stream(person: Person, outcome: Outcome, stop: asyncio.Event) -> None:
    timeout = httpx.Timeout(30, read=90)
    request = person.http.stream("GET", "/v1/stream", headers=person.headers, timeout=timeout)
    async with request as reply:
        if reply.status_code != 200:
            outcome.failures.append(f"stream: {reply.status_code}")
            await asyncio.wait({asyncio.create_task(stop.wait())}, timeout=1)
            return
        outcome.answered["stream"] = outcome.answered.get("stream", 0) + 1
        lines = asyncio.create_task(_drain(reply))
        stopped = asyncio.create_task(stop.wait())
        done, _left = await asyncio.wait({lines, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (lines, stopped):
            task.cancel()
        await asyncio.gather(lines, stopped, return_exceptions=True)
        if lines in done:
            lines.result()


async def _drain(reply: httpx.Response) -> None:
    async for _line in reply.aiter_lines():
        pass


_READS = [
    ("home", _get("/v1/timelines/home")),
    ("profile", _get("/v1/users/{id}")),
    ("post", _get("/v1/posts/{post}")),
    ("posts", _get("/v1/users/{id}/posts")),
    ("activity", _get("/v1/activity")),
]
# Of fifty: 5 pictures, each with a read, 2 refreshes, 1 upload, 2 likes; the rest are reads.
_ACTS: list[tuple[str, Act]] = [
    *_READS,
    ("picture", _picture),
    *_READS,
    ("refresh", _refresh),
    *_READS[:3],
    ("like", _like),
    ("picture", _picture),
    *_READS,
    ("upload", _upload),
    *_READS[:2],
    ("picture", _picture),
    *_READS,
    ("refresh", _refresh),
    *_READS[:4],
    ("like", _like),
    ("picture", _picture),
    *_READS,
    ("picture", _picture),
    *_READS[:1],
]
