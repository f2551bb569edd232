"""A public and a private owner, each with a viewer in every relation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from tests.eventually import eventually
from tests.journeys.phone import Phone, phone_of, picture, sign_in

Privacy = Literal["public", "private"]
Relation = Literal[
    "anonymous",
    "follower",
    "requested",
    "stranger",
    "blocked",
    "blocker",
    "ex-follower",
    "self",
]
PRIVACIES: tuple[Privacy, ...] = ("public", "private")
# The viewer's relation to the owner: `blocked` means that the owner blocks the viewer. `self` comes
# last, because an owner's operations end the owner's things.
RELATIONS: tuple[Relation, ...] = (
    "anonymous",
    "follower",
    "requested",
    "stranger",
    "blocked",
    "blocker",
    "ex-follower",
    "self",
)


@dataclass
class Cell:
    """One viewer and one owner, with the owner's things."""

    privacy: Privacy
    relation: Relation
    owner: Phone
    witness: Phone
    viewer: Phone | None
    nobody: httpx.AsyncClient
    things: dict[str, str]

    @property
    def viewer_http(self) -> httpx.AsyncClient:
        return self.nobody if self.viewer is None else self.viewer.http

    @property
    def follows(self) -> bool:
        """A request to a public account becomes a follow at once."""
        return self.relation == "follower" or (self.relation, self.privacy) == (
            "requested",
            "public",
        )

    def names(self) -> dict[str, str]:
        """The values for the braces of a path."""
        viewer_id = self.owner.id if self.viewer is None else self.viewer.id
        return {**self.things, "viewer_id": viewer_id, "witness_id": self.witness.id}

    async def restore(self) -> None:
        """Restore the two people's relation from any state."""
        if self.viewer is None or self.relation == "self":
            return
        viewer, owner = self.viewer, self.owner
        for one, other in ((viewer, owner), (owner, viewer)):
            await one.http.delete(f"/v1/users/{other.id}/block")
        await viewer.delete(f"/v1/users/{owner.id}/mute")
        await viewer.delete(f"/v1/users/{owner.id}/follow")
        await self._relate(viewer, owner)

    async def _relate(self, viewer: Phone, owner: Phone) -> None:
        if self.relation == "blocked":
            await owner.put(f"/v1/users/{viewer.id}/block")
        elif self.relation == "blocker":
            await viewer.put(f"/v1/users/{owner.id}/block")
        elif self.relation == "requested":
            await viewer.follow(owner)
        elif self.relation in {"follower", "ex-follower"}:
            await viewer.follow(owner)
            await owner.http.put(f"/v1/me/follow-requests/{viewer.id}")
            if self.relation == "ex-follower":
                await viewer.delete(f"/v1/users/{owner.id}/follow")


@asynccontextmanager
async def cast_of(public_url: str) -> AsyncIterator[list[Cell]]:
    """Every cell, in the order of PRIVACIES and RELATIONS."""
    async with AsyncExitStack() as stack:

        async def person(name: str) -> Phone:
            return await stack.enter_async_context(phone_of(public_url, name))

        nobody = await stack.enter_async_context(httpx.AsyncClient(base_url=public_url, timeout=30))
        witness, fan = await person("witness"), await person("fan")
        stage = await witness.post()
        cells: list[Cell] = []
        for privacy in PRIVACIES:
            owner = await person(privacy)
            await change(owner, is_private=privacy == "private")
            things = await _things_of(owner, nobody, stage["id"])
            for relation in RELATIONS:
                viewer = None if relation == "anonymous" else owner
                if relation not in {"anonymous", "self"}:
                    viewer = await person(relation.replace("-", "_"))
                cells.append(Cell(privacy, relation, owner, witness, viewer, nobody, things))
            await owner.follow(witness)
            await fan.follow(owner)
            await owner.http.put(f"/v1/me/follow-requests/{fan.id}")
        for cell in cells:
            await cell.restore()
            if cell.viewer is not None and cell.relation != "self":
                await cell.viewer.home()
                await cell.viewer.follow(fan)
        await asyncio.gather(*(settled(cell) for cell in cells if cell.follows))
        yield cells


async def change(person: Phone, **fields: Any) -> None:
    """Change the person's own profile."""
    reply = await person.http.patch("/v1/me", json=fields)
    assert reply.status_code == 200, reply.text


async def _things_of(
    owner: Phone, nobody: httpx.AsyncClient, witness_post_id: str
) -> dict[str, str]:
    tag = f"of_{owner.username.replace('.', '_')}"
    post, spare = [
        await owner.publish(await owner.upload(picture(60, 80)), caption=f"#{tag}")
        for _ in range(2)
    ]
    session = await sign_in(str(nobody.base_url), owner.username)
    return {
        "user_id": owner.id,
        "username": owner.username,
        "post_id": post["id"],
        "tag": tag,
        "spare_post_id": spare["id"],
        "comment_id": (await owner.comment(post["id"], "Fog."))["id"],
        "spare_comment_id": (await owner.comment(post["id"], "Mist."))["id"],
        "witness_post_id": witness_post_id,
        "witness_comment_id": (await owner.comment(witness_post_id, "Haze."))["id"],
        "photo_id": post["photos"][0]["id"],
        "session_id": session["id"],
        "upload_id": await _begun_upload(owner),
    }


async def _begun_upload(owner: Phone) -> str:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "100"}
    reply = await owner.http.post("/v1/uploads", headers=headers)
    assert reply.status_code == 201, reply.text
    return reply.headers["Location"].rsplit("/", 1)[1]


async def settled(cell: Cell) -> None:
    """Wait for the mirror of the owner's follow and for the follower's timeline."""
    assert cell.viewer is not None
    await cell.viewer.sees(cell.things["post_id"])

    async def listed() -> None:
        page = await cell.witness.get(f"/v1/users/{cell.witness.id}/followers")
        assert cell.owner.id in {person["id"] for person in page["items"]}

    await eventually(listed)
