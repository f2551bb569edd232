"""A person exports everything in the account, and nobody else gets it."""

import io
import re
import zipfile
from typing import Any

import httpx
import orjson

from tests.eventually import eventually
from tests.journeys.phone import PASSWORD, Phone
from tests.suite import Suite

ASKING = {"password": PASSWORD}


def strange_values(item: Any) -> list[Any]:
    """Values outside the public dialect: numeric ids, other forms of time, and keys."""
    if isinstance(item, list):
        return [found for one in item for found in strange_values(one)]
    if not isinstance(item, dict):
        return []
    found = []
    for name, value in item.items():
        if name == "key" or name.endswith("_key"):
            found.append(name)
        elif name in {"id", "reply_to"} or name.endswith("_id"):
            found += [] if value is None or re.fullmatch("[1-9][0-9]*", str(value)) else [value]
            found += [value] if isinstance(value, int) else []
        elif name.endswith("_at") and value is not None:
            is_right = re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z", str(value))
            found += [] if is_right else [value]
        else:
            found += strange_values(value)
    return found


async def _ready_export(phone: Phone) -> dict[str, Any]:
    async def is_ready() -> dict[str, Any]:
        export = (await phone.get("/v1/me/export"))["export"]
        assert export["state"] == "ready", export
        return dict(export)

    return await eventually(is_ready, within_s=60)


async def test_the_archive_has_everything_of_the_account(
    alice: Phone, bob: Phone, stranger: httpx.AsyncClient
) -> None:
    await alice.get("/v1/me/export", status=404)
    refused = await alice.http.post("/v1/me/export", json={"password": "x" * 12})
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
    await alice.get("/v1/me/export", status=404)
    await alice.follow(bob)
    await bob.follow(alice)
    post, other = await alice.post("Fog #morning"), await bob.post()
    await alice.put(f"/v1/posts/{other['id']}/like")

    asked = [await alice.http.post("/v1/me/export", json=ASKING) for _ in range(2)]
    assert [reply.status_code for reply in asked] == [202, 202]
    export = await _ready_export(alice)
    # The first one may have been ready before the second request; that begins a new one.
    assert asked[-1].json()["export"]["id"] == export["id"]

    # The signed address needs no session, and works for this archive only.
    reply = await stranger.get(export["url"])
    assert (reply.status_code, len(reply.content)) == (200, export["bytes"])
    assert "no-store" in reply.headers["Cache-Control"]
    forged = export["url"].replace(export["id"], str(int(export["id"]) + 1))
    assert (await stranger.get(forged)).status_code == 403

    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        assert archive.testzip() is None
        said = {
            name.removesuffix(".json"): orjson.loads(archive.read(name))
            for name in archive.namelist()
            if name.endswith(".json")
        }
        readme = archive.read("README.md").decode()
        photo = archive.read(f"photos/{post['photos'][0]['id']}.jpg")
    assert photo.startswith(b"\xff\xd8")
    # The page names exactly the documents in the archive.
    assert set(re.findall(r"`(\w+)\.json`", readme)) == said.keys()
    assert [document for document, items in said.items() if strange_values(items)] == []
    assert [item["photo_ids"] for item in said["posts"]] == [[post["photos"][0]["id"]]]
    assert said["profile"][0]["email"] == f"{alice.username}@mail.example"
    assert [person["username"] for person in said["followers"]] == [bob.username]
    assert [person["username"] for person in said["following"]] == [bob.username]
    assert [item["caption"] for item in said["posts"]] == ["Fog #morning"]
    assert [item["post_id"] for item in said["likes"]] == [other["id"]]
    assert [item["id"] for item in said["photos"]] == [post["photos"][0]["id"]]


async def test_an_archive_is_deleted_with_its_account(
    suite: Suite, alice: Phone, bob: Phone
) -> None:
    await alice.http.post("/v1/me/export", json=ASKING)
    export = await _ready_export(alice)
    await alice.http.request("DELETE", "/v1/me", json={"password": PASSWORD})

    async def is_gone() -> None:
        assert (await bob.http.get(export["url"])).status_code == 404
        assert await suite.remains(alice.id) == []

    await eventually(is_gone, within_s=60, every_s=1)
