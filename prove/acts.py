"""What a client does: each act is one recorded operation."""

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.bench_world import with_comment
from prove.attempts import Answer, Make
from prove.checks.reads import HOME, PAGE, POST, PROFILE, RELATION, THREAD
from prove.history import DOUBT_S, History
from prove.people import Session
from tests.journeys.phone import picture

# Everybody reacts to the newest posts, so that comments of many meet in one thread.
BOARD_POSTS = 30
PHOTOS_KEPT = 4
PAGE_LIMIT = 40
# How often a client repeats an acknowledged request as if its reply had been lost, and how often
# it sends a used key with another text, which must be refused.
REPEATED_SHARE, REUSED_SHARE = 0.05, 0.03


@dataclass(slots=True)
class Board:
    """What the clients know of one another: ids of people, and the newest posts."""

    word: str
    people: list[int]
    posts: deque[int] = field(default_factory=lambda: deque(maxlen=BOARD_POSTS))
    image: bytes = field(default_factory=lambda: picture(120, 150))


@dataclass(slots=True)
class Client:
    """One person who does one thing after the other."""

    session: Session
    board: Board
    stop: asyncio.Event
    photos: deque[str] = field(default_factory=deque)
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    resting: dict[tuple[str, str], float] = field(default_factory=dict)

    def rests(self, kind: str, key: str) -> bool:
        """Whether an earlier write of the same thing may still take effect."""
        return self.resting.get((kind, key), 0.0) > time.monotonic()

    async def operate(
        self, kind: str, key: str, value: str, make: Make, ids_in: str = ""
    ) -> Answer:
        """Write, and record it; `ids_in` names the part of the reply that holds the new id."""
        recorder = self.session.recorder
        number = recorder.invoke(self.session.person.number, kind, key, value)
        answer = await self.session.write(make, self.stop)
        got: dict[str, Any] = {"status": answer.status, "code": answer.code}
        if answer.outcome == "ok" and ids_in:
            got["ids"] = [answer.said[ids_in]["id"]]
            if self.session.rng.random() < REPEATED_SHARE:
                again = await self.session.write(make, self.stop)
                if again.outcome == "ok":
                    got["ids"].append(again.said[ids_in]["id"])
                elif again.outcome == "fail" and again.status < 500:
                    got["again"] = again.code
        recorder.complete(number, answer.outcome, got, answer.tries, answer.in_doubt)
        if answer.in_doubt or answer.outcome == "info":
            self.resting[(kind, key)] = time.monotonic() + DOUBT_S
        return answer

    async def observe(
        self, kind: str, key: str, path: str, seen: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> None:
        """Read, and record what was seen."""
        recorder = self.session.recorder
        number = recorder.invoke(self.session.person.number, kind, key, "")
        answer = await self.session.read(path)
        got = seen(answer.said) if answer.outcome == "ok" else {"status": answer.status}
        recorder.complete(number, answer.outcome, got, answer.tries, in_doubt=False)


Act = Callable[[Client], Awaitable[None]]


def _new_value(client: Client, kind: str) -> str:
    return f"{client.board.word} {kind} {client.session.rng.getrandbits(64):016x}"


async def upload(client: Client) -> None:
    """Upload a picture unlike all others; its digest is the value."""
    if len(client.photos) >= PHOTOS_KEPT:
        await publish(client)
        return
    content = with_comment(client.board.image)
    make = client.session.request(
        *("POST", "/v1/photos", content),
        Content_Type="image/jpeg",
        Idempotency_Key=_new_value(client, "key"),
    )
    digest = hashlib.sha256(content).hexdigest()
    answer = await client.operate("photo", "", digest, make, "photo")
    if answer.outcome == "ok":
        client.photos.append(str(answer.said["photo"]["id"]))


async def publish(client: Client) -> None:
    """Publish the oldest own photo."""
    if not client.photos:
        await upload(client)
        return
    photo_id, caption = client.photos.popleft(), _new_value(client, "post")
    draft = {"photo_ids": [photo_id], "caption": caption}
    make = client.session.request(
        *("POST", "/v1/posts", draft), Idempotency_Key=_new_value(client, "key")
    )
    answer = await client.operate("post", photo_id, caption, make, "post")
    if answer.outcome == "ok":
        client.board.posts.append(int(answer.said["post"]["id"]))
    if answer.outcome == "ok" and client.session.rng.random() < REUSED_SHARE:
        # A photo is in one post: with another key it is refused.
        other = _new_value(client, "post")
        make = client.session.request(
            *("POST", "/v1/posts", {**draft, "caption": other}),
            Idempotency_Key=_new_value(client, "key"),
        )
        await client.operate("post", photo_id, other, make, "post")


async def comment(client: Client) -> None:
    """Comment on one of the newest posts."""
    if not client.board.posts:
        await upload(client)
        return
    post_id = client.session.rng.choice(client.board.posts)
    text, key = _new_value(client, "comment"), _new_value(client, "key")
    path = f"/v1/posts/{post_id}/comments"

    def make(says: str) -> Make:
        return client.session.request("POST", path, {"text": says}, Idempotency_Key=key)

    answer = await client.operate("comment", str(post_id), text, make(text), "comment")
    if answer.outcome == "ok" and client.session.rng.random() < REUSED_SHARE:
        other = _new_value(client, "comment")
        await client.operate("comment", str(post_id), other, make(other), "comment")


async def like(client: Client) -> None:
    """Like one of the newest posts, or take the like back."""
    await _react(client, "like")


async def save(client: Client) -> None:
    """Save one of the newest posts, or take that back."""
    await _react(client, "save")


async def _react(client: Client, kind: str) -> None:
    if client.board.posts:
        post_id = client.session.rng.choice(client.board.posts)
        await _toggle(client, kind, str(post_id), f"/v1/posts/{post_id}/{kind}")


async def follow(client: Client) -> None:
    """Follow somebody, or end that."""
    others = [one for one in client.board.people if one != client.session.person.id]
    user_id = client.session.rng.choice(others)
    await _toggle(client, "follow", str(user_id), f"/v1/users/{user_id}/follow")


async def _toggle(client: Client, kind: str, key: str, path: str) -> None:
    if client.rests(kind, key):
        return
    value = "0" if client.values.get((kind, key), "0") == "1" else "1"
    make = client.session.request("PUT" if value == "1" else "DELETE", path)
    answer = await client.operate(kind, key, value, make)
    if answer.outcome == "ok":
        client.values[(kind, key)] = value


async def edit_profile(client: Client) -> None:
    """Change a field of the own profile."""
    field_name = client.session.rng.choice(["display_name", "bio"])
    if client.rests(field_name, field_name):
        return
    value = _new_value(client, "is")
    make = client.session.request("PATCH", "/v1/me", {field_name: value})
    await client.operate(field_name, field_name, value, make)


async def read_profile(client: Client) -> None:
    """Read the own profile."""
    await client.observe(
        PROFILE, "", "/v1/me", lambda said: {name: said[name] for name in ("display_name", "bio")}
    )


async def read_relation(client: Client) -> None:
    """Read whether the client follows somebody, mostly of those whom it changed."""
    changed = [key for kind, key in client.values if kind == "follow"]
    if changed:
        user_id = client.session.rng.choice(changed)
        path = f"/v1/users/{user_id}"
        await client.observe(
            *(RELATION, user_id, path),
            lambda said: {"following": said["relationship"]["following"]},
        )


async def read_post(client: Client) -> None:
    """Read one of the newest posts with the own reactions."""
    if client.board.posts:
        post_id = client.session.rng.choice(client.board.posts)
        await client.observe(POST, str(post_id), f"/v1/posts/{post_id}", _seen_of_post)


def _seen_of_post(post: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**post["viewer"], "likes": post["counts"]["likes"]}


async def read_own_page(client: Client) -> None:
    """Read the newest own posts."""
    path = f"/v1/users/{client.session.person.id}/posts?limit={PAGE_LIMIT}"
    await client.observe(PAGE, "", path, _seen_of_page)


async def read_home(client: Client) -> None:
    """Read the first page of the home timeline."""
    await client.observe(HOME, "", f"/v1/timelines/home?limit={PAGE_LIMIT}", _seen_of_page)


def _seen_of_page(said: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "ids": [item["id"] for item in said["items"]],
        "more": said["next_cursor"] is not None,
        "partial": said.get("completeness", "complete") != "complete",
    }


async def read_thread(client: Client) -> None:
    """Read the oldest comments of one of the newest posts."""
    if client.board.posts:
        post_id = client.session.rng.choice(client.board.posts)
        path = f"/v1/posts/{post_id}/comments?limit={PAGE_LIMIT}"

        def seen(said: Mapping[str, Any]) -> Mapping[str, Any]:
            return {**_seen_of_page(said), "texts": [item["text"] for item in said["items"]]}

        await client.observe(THREAD, str(post_id), path, seen)


# Of a hundred acts; two thirds and more are writes.
ACTS: Sequence[tuple[Act, float]] = (
    (upload, 2.5),
    (publish, 2.5),
    (comment, 19.0),
    (like, 24.0),
    (save, 8.0),
    (follow, 10.0),
    (edit_profile, 6.0),
    (read_profile, 5.0),
    (read_relation, 4.0),
    (read_post, 7.0),
    (read_own_page, 3.0),
    (read_home, 5.0),
    (read_thread, 4.0),
)


def remember(clients: Sequence[Client], history: History) -> None:
    """Tell the clients what they did in an earlier session of the run."""
    by_number = {client.session.person.number: client for client in clients}
    for one in history.operations:
        client = by_number[one.client]
        if one.kind == "post" and one.outcome == "ok":
            client.board.posts.append(int(one.got["ids"][0]))
        if one.kind in {"like", "save", "follow"} and one.outcome == "ok":
            client.values[(one.kind, one.key)] = one.value
        if one.outcome == "info":
            client.resting[(one.kind, one.key)] = time.monotonic() + DOUBT_S
