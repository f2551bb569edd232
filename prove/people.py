"""The accounts of a run: one for each client, with sessions that are renewed."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from prove.attempts import Answer, Make, Sender, Way
from prove.history import Outcome, Person, Recorder
from shared.service_client.http1_exchange import Http1Exchange
from tests.eventually import eventually
from tests.journeys.phone import account, sign_in
from tests.suite import Suite

_AT_ONCE = 4
_SIGNED_IN_WITHIN_S = 60.0


@dataclass(slots=True)
class Session:
    """Somebody's tokens, and the sender of their phone."""

    person: Person
    tokens: dict[str, Any]
    sender: Sender
    recorder: Recorder
    rng: random.Random
    is_over: bool = field(default=False)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Make:
        """Make a request with the present token for whichever balancer; `body` is JSON or bytes.

        Underscores in header names become dashes.
        """
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named.setdefault("Content-Type", "application/json")

        def make(base: str) -> httpx.Request:
            named["Authorization"] = f"Bearer {self.tokens['access_token']}"
            return httpx.Request(method, base + path, content=content, headers=named)

        return make

    async def read(self, path: str) -> Answer:
        """Read, after a renewal of the session if its token is over."""
        make = self.request("GET", path)
        answer = await self.sender.read(make)
        if answer.code == "token_expired" and await self._renew(asyncio.Event()):
            answer = await self.sender.read(make)
        return answer

    async def write(self, make: Make, stop: asyncio.Event) -> Answer:
        """Write, after a renewal of the session if its token is over."""
        answer = await self.sender.write(make, stop)
        if answer.code == "token_expired" and await self._renew(stop):
            again = await self.sender.write(make, stop)
            again.in_doubt = again.in_doubt or answer.in_doubt
            answer = again
        return answer

    async def _renew(self, stop: asyncio.Event) -> bool:
        number = self.recorder.invoke(self.person.number, "session", "", "")
        body = {"refresh_token": self.tokens["refresh_token"]}
        answer = await self.sender.write(self.request("POST", "/v1/sessions/refresh", body), stop)
        # Only a refusal ends a session; otherwise the next request tries again.
        if answer.outcome == "ok":
            self.tokens = dict(answer.said["session"])
        outcome: Outcome = "info" if answer.outcome == "fail" else answer.outcome
        if answer.status == 401:
            outcome = "fail"
        said = {"code": answer.code}
        self.recorder.complete(number, outcome, said, answer.tries, answer.in_doubt)
        self.is_over = self.is_over or answer.status == 401
        return answer.outcome == "ok"


def ways_to(suite: Suite) -> list[Way]:
    """Return one pool of connections for each balancer."""
    nginx = suite.plan.nginx
    return [
        (Http1Exchange(httpx.URL(url), None), address, url)
        for address in nginx.replicas
        for url in [f"http://{address}:{nginx.port}"]
    ]


async def sign_up_people(
    suite: Suite, ways: list[Way], recorder: Recorder, numbers: Sequence[int], rng: random.Random
) -> list[Session]:
    """Create an account for each number, and record it."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> Session:
        async with places, httpx.AsyncClient(base_url=suite.public_url, timeout=30) as http:
            reply = await http.post("/v1/users", json=account("prove"))
            reply.raise_for_status()
        user, tokens = reply.json()["user"], reply.json()["session"]
        person = Person(number, int(user["id"]), user["username"])
        recorder.write(**{"is": "person"}, client=number, id=person.id, username=person.username)
        return _session(person, tokens, ways, recorder, rng)

    return list(await asyncio.gather(*map(one, numbers)))


async def sign_in_people(
    suite: Suite, ways: list[Way], recorder: Recorder, people: Sequence[Person], rng: random.Random
) -> list[Session]:
    """Sign in the accounts of an earlier session of the run."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(person: Person) -> Session:
        async with places:
            tokens = await eventually(
                lambda: _signed_in(suite, person), within_s=_SIGNED_IN_WITHIN_S
            )
        return _session(person, tokens, ways, recorder, rng)

    return list(await asyncio.gather(*map(one, people)))


async def _signed_in(suite: Suite, person: Person) -> dict[str, Any]:
    try:
        return await sign_in(suite.public_url, person.username)
    except httpx.TransportError as error:
        raise AssertionError(str(error)) from error


async def hang_up(sessions: Sequence[Session]) -> None:
    """Close the connections that the sessions share."""
    for exchange in {way[0] for session in sessions for way in session.sender.ways}:
        await exchange.close()


def _session(
    person: Person, tokens: dict[str, Any], ways: list[Way], recorder: Recorder, rng: random.Random
) -> Session:
    own = random.Random(rng.random())
    return Session(person, tokens, Sender(ways, own), recorder, own)
