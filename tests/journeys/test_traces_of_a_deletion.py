"""A person does everything that the API allows and deletes the account: nothing names it then."""

import asyncio
import secrets
from typing import Any

import httpx
import pytest

from tests.eventually import eventually
from tests.journeys.authorization.cast import change
from tests.journeys.listening import ear_of
from tests.journeys.phone import JPEG, PASSWORD, Phone, from_a_new_address, picture, sign_in
from tests.suite import Suite

# An erasure begins only when nothing of the account can be under way any more.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

TUS = {"Tus-Resumable": "1.0.0"}
NEW_PASSWORD = "another battery horse"


def _with_key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(16)}


class Leaver:
    """Does with an account what its owner can do; `words` is whatever names it afterwards."""

    def __init__(self, suite: Suite, phone: Phone) -> None:
        self.words = [phone.id, phone.username, f"{phone.username}@mail.example"]
        self._suite = suite
        self._phone = phone

    async def signs_in_and_fails_to(self) -> None:
        await sign_in(self._suite.public_url, self._phone.username)
        form = {"login": self._phone.username, "password": PASSWORD, "device": "tablet"}
        async with from_a_new_address(self._suite.public_url) as http:
            key = _with_key()
            for _twice in range(2):
                reply = await http.post("/v1/sessions", json=form, headers=key)
                assert reply.status_code == 201, reply.text
            wrong = {**form, "password": "not this one"}
            for login in (form["login"], self.words[2]):
                reply = await http.post("/v1/sessions", json={**wrong, "login": login})
                assert reply.status_code == 401

    async def uploads(self) -> None:
        """One photo for each way to leave it: published never, failed, half there, an avatar."""
        phone = self._phone
        self.words.append(await phone.upload(picture(), {**JPEG, **_with_key()}))
        broken = await phone.http.post("/v1/photos", content=picture()[:900], headers=JPEG)
        if broken.status_code == 202:
            self.words.append(broken.json()["photo"]["id"])
        content = picture()
        sizes = {**TUS, "Upload-Length": str(len(content))}
        half = {**sizes, "Content-Type": "application/offset+octet-stream", **_with_key()}
        begun = await phone.http.post("/v1/uploads", content=content[:5_000], headers=half)
        assert begun.status_code == 201, begun.text
        self.words.append(begun.headers["Location"].rsplit("/", 1)[-1])
        avatar_id = await phone.upload(picture())
        await change(phone, avatar_photo_id=avatar_id)
        self.words.append(avatar_id)

    async def publishes(self, other: Phone, post_of_other: str) -> list[dict[str, Any]]:
        phone, posts = self._phone, []
        for caption in ("Fog #leaving", f"with @{other.username}"):
            photo_id = await phone.upload(picture())
            draft = {"photo_ids": [photo_id], "caption": caption}
            reply = await phone.http.post("/v1/posts", json=draft, headers=_with_key())
            assert reply.status_code == 201, reply.text
            posts.append(reply.json()["post"])
            self.words += [posts[-1]["id"], photo_id]
        await phone.put(f"/v1/posts/{posts[0]['id']}/pin")
        edited = await phone.http.patch(f"/v1/posts/{posts[0]['id']}", json={"caption": "Fair"})
        assert edited.status_code == 200
        await phone.delete(f"/v1/posts/{posts[1]['id']}", status=204)
        said = {"text": f"Hello @{other.username}", "reply_to": None}
        path = f"/v1/posts/{post_of_other}/comments"
        reply = await phone.http.post(path, json=said, headers=_with_key())
        assert reply.status_code == 201, reply.text
        for kind in ("like", "save"):
            await phone.put(f"/v1/posts/{post_of_other}/{kind}")
        return posts

    async def renames_and_changes_the_password(self) -> None:
        name = f"left_{secrets.token_hex(6)}"
        await change(self._phone, username=name, display_name=f"Miss {name}", bio="Gone soon")
        self.words.append(name)
        passwords = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        for wrong in (True, False):
            asked = {**passwords, **({"current_password": "wrong one"} if wrong else {})}
            reply = await self._phone.http.put("/v1/me/password", json=asked)
            assert reply.status_code == (403 if wrong else 204), reply.text

    async def exports(self) -> None:
        reply = await self._phone.http.post("/v1/me/export", json={"password": NEW_PASSWORD})
        assert reply.status_code == 202, reply.text
        self.words.append(reply.json()["export"]["id"])

        async def is_ready() -> None:
            export = (await self._phone.get("/v1/me/export"))["export"]
            assert export["state"] == "ready", export

        await eventually(is_ready, within_s=60)

    async def deletes(self) -> str:
        wrong = await self._phone.http.request("DELETE", "/v1/me", json={"password": "wrong one"})
        assert wrong.status_code == 403
        right = {"password": NEW_PASSWORD}
        reply = await self._phone.http.request("DELETE", "/v1/me", json=right)
        assert reply.status_code == 202, reply.text
        return str(reply.json()["receipt_id"])


async def _meets(alice: Phone, bob: Phone, carol: Phone) -> None:
    """Follow and be followed, ask and be asked, block, mute, report, and be all that."""
    await bob.follow(alice)
    await alice.follow(bob)
    for private, asking in ((alice, carol), (carol, alice)):
        await change(private, is_private=True)
        assert (await asking.follow(private))["relationship"]["requested"]
    await alice.put(f"/v1/users/{carol.id}/mute")
    await carol.put(f"/v1/users/{alice.id}/mute")
    for one, other in ((alice, bob), (bob, alice)):
        report = {"kind": "user", "id": other.id, "reason": "spam", "note": "Too much."}
        made = await one.http.post("/v1/reports", json=report, headers=_with_key())
        assert made.status_code == 201, made.text


async def _answer(post: dict[str, Any], alice: Phone, bob: Phone) -> None:
    """React to a post, and name its author."""
    for kind in ("like", "save"):
        await bob.put(f"/v1/posts/{post['id']}/{kind}")
    said = {"text": f"@{alice.username} at last", "reply_to": None}
    path = f"/v1/posts/{post['id']}/comments"
    reply = await bob.http.post(path, json=said, headers=_with_key())
    assert reply.status_code == 201, reply.text
    await alice.put(f"/v1/comments/{reply.json()['comment']['id']}/like")
    report = {"kind": "post", "id": post["id"], "reason": "spam", "note": ""}
    assert (await bob.http.post("/v1/reports", json=report)).status_code == 201


async def _finished(http: httpx.AsyncClient, receipt_id: str) -> None:
    async def finished() -> None:
        receipt = (await http.get(f"/v1/deletions/{receipt_id}")).json()
        assert receipt["finished"], receipt

    await eventually(finished, within_s=120, every_s=0.5)


async def test_once_a_deletion_has_finished_nothing_names_the_account(
    suite: Suite, alice: Phone, bob: Phone, carol: Phone
) -> None:
    leaver = Leaver(suite, alice)
    async with ear_of(alice) as ear:
        await _meets(alice, bob, carol)
        await leaver.signs_in_and_fails_to()
        await leaver.uploads()
        other = await bob.post(f"Look, @{alice.username}")
        posts = await leaver.publishes(bob, other["id"])
        await _answer(posts[0], alice, bob)
        await bob.sees(posts[0]["id"])
        seen = await bob.get(f"/v1/posts/{posts[0]['id']}")
        for rendition in seen["photos"][0]["renditions"]:
            assert (await bob.http.get(rendition["url"])).status_code == 200
        await alice.home()
        await alice.get("/v1/activity")
        await ear.hears("activity")
        await leaver.renames_and_changes_the_password()
        await leaver.exports()
        await carol.put(f"/v1/users/{alice.id}/block")
        await alice.put(f"/v1/users/{carol.id}/block", status=404)
        receipt_id = await leaver.deletes()
    await _finished(bob.http, receipt_id)
    # Streams and other keys that expire within two minutes may outlive it by so long.
    assert await suite.remains(*leaver.words) == []
    await eventually(lambda: _no_event(suite, alice.id), within_s=30, every_s=1)


async def _no_event(suite: Suite, user_id: str) -> None:
    """The stream of events lives on while anybody listens, and names nobody who has left."""
    async with suite.redis("feed") as client:
        assert not [key async for key in client.scan_iter(match=f"*{user_id}*")]


async def test_traces_in_a_table_a_key_and_an_object_of_tomorrow_are_found(
    suite: Suite, alice: Phone
) -> None:
    reply = await alice.http.request("DELETE", "/v1/me", json={"password": PASSWORD})
    await _finished(alice.http, reply.json()["receipt_id"])
    assert await suite.remains(alice.id, alice.username) == []
    folder = suite.run_dir / "data" / "store" / "retrato-photos" / "tomorrow" / alice.id
    async with suite.postgres("feed-b") as connection, suite.redis("gateway") as client:
        await connection.execute("CREATE TABLE shard_0040.tomorrow (by_whom varchar(40))")
        try:
            name = alice.username.upper()
            await connection.execute("INSERT INTO shard_0040.tomorrow VALUES ($1)", name)
            await client.hset("tomorrow", "whose", alice.id)
            folder.mkdir(parents=True)
            (folder / "thing.bin").write_bytes(b"x")
            found = await suite.remains(alice.id, alice.username)
            said = await asyncio.to_thread(
                suite.make, "check-deleted", f"U={alice.id} {alice.username}"
            )
        finally:
            await connection.execute("DROP TABLE shard_0040.tomorrow")
            await client.delete("tomorrow")
            (folder / "thing.bin").unlink(missing_ok=True)
            folder.rmdir()
    places = {(one.place, one.wanted) for one in found}
    assert places == {
        ("feed-b: shard_0040.tomorrow", alice.username),
        ("redis-gateway", alice.id),
        ("store", alice.id),
    }
    assert said.returncode != 0
    for place, _wanted in places:
        assert place in said.stdout
    assert "may stay: " in said.stdout
