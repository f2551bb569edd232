"""Twelve people with posts and follows: the digest of their rows, and their journey."""

import asyncio
import hashlib
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import httpx

from infra.leaders import leads
from tests.eventually import eventually
from tests.journeys.phone import Phone, phone_of, picture, sign_in
from tests.suite import Suite

PEOPLE = 12
# Rows of these tables come and go by themselves, such as events and idempotency records.
PASSING = ("outbox", "idempotency", "session", "sessions", "token", "device")
_TABLES = """
SELECT schemaname, tablename FROM pg_tables
WHERE schemaname ~ '^shard_[0-9]{4}$' ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Person:
    """A person with one post; `sees` is the post of the person that they follow."""

    username: str
    id: str
    post: str
    sees: str


async def make_people(suite: Suite) -> list[Person]:
    """Sign people up; each posts a picture and follows the next, whose post reaches them."""
    async with AsyncExitStack() as stack:
        phones = [
            await stack.enter_async_context(phone_of(suite.public_url, "person"))
            for _ in range(PEOPLE)
        ]
        followed = [*phones[1:], phones[0]]
        for phone, next_one in zip(phones, followed, strict=True):
            await phone.follow(next_one)
        posts = {phone.id: (await phone.post("kept"))["id"] for phone in phones}
        for phone, next_one in zip(phones, followed, strict=True):
            await phone.sees(posts[next_one.id])
        # Uploaded and not yet published: what a sweep that is wrong about the time would take.
        draft = await phones[0].upload(picture())

        async def is_ready() -> None:
            assert (await phones[0].get(f"/v1/photos/{draft}"))["state"] == "ready"

        await eventually(is_ready)
        return [
            Person(phone.username, phone.id, posts[phone.id], posts[next_one.id])
            for phone, next_one in zip(phones, followed, strict=True)
        ]


async def journey(suite: Suite, people: Iterable[Person]) -> list[str]:
    """Return why people cannot sign in, or see their profile, home timeline, picture or post."""
    obstacles = []
    for person in people:
        try:
            await _walk(suite, person)
        except (AssertionError, httpx.HTTPError, KeyError, IndexError) as error:
            obstacles.append(f"{type(error).__name__}: {error}"[:200])
    return obstacles


async def _walk(suite: Suite, person: Person) -> None:
    session = await sign_in(suite.public_url, person.username)
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    async with httpx.AsyncClient(base_url=suite.public_url, headers=headers, timeout=30) as http:
        phone = Phone(http, {"id": person.id, "username": person.username})
        await phone.get(f"/v1/users/{person.id}")
        home = {post["id"]: post for post in await phone.home()}
        url = home[person.sees]["photos"][0]["renditions"]
        urls = [part["url"] for part in (url.values() if isinstance(url, dict) else url)]
        picture = await http.get(urls[0])
        assert picture.status_code == 200, f"{urls[0]}: {picture.status_code}"
        await phone.get(f"/v1/posts/{person.post}")


async def rows_digest(suite: Suite) -> tuple[str, int]:
    """Return a digest of all shards' lasting rows, and their number."""
    nodes = [node.name for node in suite.plan.members if leads(node)]
    parts = await asyncio.gather(*(_rows_of(suite, node) for node in nodes))
    lines = sorted(line for part in parts for line in part)
    count = sum(int(line.rsplit(" ", 1)[1]) for line in lines)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12], count


async def _rows_of(suite: Suite, node: str) -> list[str]:
    async with suite.postgres(node) as connection:
        tables = [
            (row["schemaname"], row["tablename"])
            for row in await connection.fetch(_TABLES)
            if not row["tablename"].startswith(PASSING)
        ]
        lines: list[str] = []
        for begin in range(0, len(tables), 100):
            lines += await _digests(connection, tables[begin : begin + 100])
        return lines


async def _digests(
    connection: "asyncpg.Connection[asyncpg.Record]", tables: list[tuple[str, str]]
) -> list[str]:
    statement = " UNION ALL ".join(
        f"SELECT '{schema}.{table}' AS name, count(*) AS rows,"
        " md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS digest"
        f' FROM {schema}."{table}" t'
        for schema, table in tables
    )
    rows = await connection.fetch(statement)
    return [f"{row['name']} {row['digest']} {row['rows']}" for row in rows if row["rows"]]
