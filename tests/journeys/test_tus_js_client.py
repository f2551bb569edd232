"""tus-js-client as it is published, by tus and by two versions of the IETF draft.

Connections break, processes die, and the photo is whole.
"""

import asyncio
import base64
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.eventually import eventually
from tests.journeys.cut_line import Cut, Line, cut_line
from tests.journeys.node_programs import install, require_node, run_for_json
from tests.journeys.phone import Phone, picture
from tests.suite import Suite

pytestmark = pytest.mark.long

CLIENT = Path(__file__).parent / "tus_js"
TUS = {"Tus-Resumable": "1.0.0"}
SIZES = {"small": (600, 750), "large": (4000, 3000)}


@dataclass(frozen=True)
class Sending:
    """How the client is told to send, and which connections break meanwhile."""

    name: str
    size: str = "large"
    options: dict[str, Any] = field(default_factory=dict)
    cuts: Sequence[Cut] = ()
    as_buffer: bool = False
    headers: dict[str, str] = field(default_factory=dict)


FIRST_BYTES = {"uploadDataDuringCreation": True}
CHUNKS = {"chunkSize": 700_000}
MANY_CUTS = (
    Cut(900),
    Cut(1_300_000),
    Cut(0, at_reply=True),
    Cut(2_200_000),
    Cut(20),
    Cut(1_000_000, at_reply=True),
)
SENDINGS = [
    Sending("whole"),
    Sending("whole, small", size="small"),
    Sending("whole, with the creation", options=FIRST_BYTES),
    Sending("whole, with the creation, small", size="small", options=FIRST_BYTES),
    Sending("in chunks", options=CHUNKS),
    Sending("in chunks, from memory", options=CHUNKS, as_buffer=True),
    Sending("in small chunks", size="small", options={"chunkSize": 3_000}),
    Sending("in chunks, with the creation", options={**CHUNKS, **FIRST_BYTES}),
    Sending("by POST alone", options={**CHUNKS, "overridePatchMethod": True}, cuts=MANY_CUTS[:3]),
    Sending("whole, cut", cuts=MANY_CUTS),
    Sending("whole, cut, small", size="small", cuts=(Cut(30), Cut(9_000), Cut(0, at_reply=True))),
    Sending("in chunks, cut", options=CHUNKS, cuts=MANY_CUTS),
    Sending("in chunks, from memory, cut", options=CHUNKS, cuts=MANY_CUTS, as_buffer=True),
    Sending("whole, with the creation, cut", options=FIRST_BYTES, cuts=MANY_CUTS),
    Sending("in chunks, with the creation, cut", options={**CHUNKS, **FIRST_BYTES}, cuts=MANY_CUTS),
    Sending(
        "with the creation, each reply lost",
        size="small",
        options=FIRST_BYTES,
        cuts=(Cut(30_000, at_reply=True),) * 3,
    ),
    Sending(
        "with the creation and a key, each reply lost",
        options=FIRST_BYTES,
        cuts=(Cut(3_000_000, at_reply=True), Cut(2_000_000), Cut(1_000_000, at_reply=True)),
        headers={"Idempotency-Key": "of this picture"},
    ),
]
# What differs between the protocols: the creation, and what a cut leaves.
SENDINGS += [
    replace(one, name=f"{one.name}, {protocol}", options={**one.options, "protocol": protocol})
    for protocol in ("ietf-draft-03", "ietf-draft-05")
    for one in SENDINGS
    if "draft" not in one.name and "memory" not in one.name
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_node("tus-js-client")
    return install(CLIENT, tmp_path_factory.mktemp("tus_js") / "client")


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    """A small picture, and one of 12 megapixels and several megabytes."""
    out = io.BytesIO()
    Image.effect_noise(SIZES["large"], 60).convert("RGB").save(out, "JPEG", quality=75)
    return {"small": picture(*SIZES["small"]), "large": out.getvalue()}


@dataclass(frozen=True)
class Desk:
    """One picture on disk, and the client that sends it for alice."""

    client: Path
    folder: Path
    alice: Phone
    content: bytes

    async def send(self, line: Line, **job: Any) -> dict[str, Any]:
        file = self.folder / "fog.jpg"
        # Its time is part of what the client recognises a file by.
        if not file.exists():
            file.write_bytes(self.content)
        told = {
            "endpoint": f"{line.url}/v1/uploads",
            "file": str(file),
            "token": self.alice.http.headers["Authorization"].removeprefix("Bearer "),
            "urls": str(self.folder / "urls.json"),
            "options": {},
            **job,
        }
        (self.folder / "urls.json").touch()
        return await asyncio.to_thread(run_for_json, self.client, "upload.mjs", told)

    async def has_become_a_photo(self, location: str) -> None:
        """All of its bytes are there as they were sent, and the picture is shown."""
        reply = await self.alice.http.head(location, headers=TUS)
        digest = base64.b64encode(hashlib.sha256(self.content).digest()).decode()
        assert reply.headers["Repr-Digest"] == f"sha-256=:{digest}:"
        assert int(reply.headers["Upload-Offset"]) == len(self.content)
        await eventually(partial(self._is_ready, reply.headers["Photo-Id"]), within_s=60)

    async def _is_ready(self, photo_id: str) -> None:
        photo = await self.alice.get(f"/v1/photos/{photo_id}")
        assert photo["state"] == "ready", photo


def line_to(suite: Suite, **happens: Any) -> Any:
    nginx = suite.plan.nginx
    return cut_line(nginx.replicas[0], nginx.port, **happens)


@pytest.mark.parametrize("sending", SENDINGS, ids=lambda sending: sending.name)
async def test_the_client_sends_a_picture(
    suite: Suite,
    alice: Phone,
    client: Path,
    pictures: dict[str, bytes],
    tmp_path: Path,
    sending: Sending,
) -> None:
    desk = Desk(client, tmp_path, alice, pictures[sending.size])
    async with line_to(suite, cuts=sending.cuts) as line:
        done = await desk.send(
            line, options=sending.options, asBuffer=sending.as_buffer, headers=sending.headers
        )
    assert line.done == len(sending.cuts)
    assert done["offset"] == len(desk.content)
    assert refusals(done) == [], done["statuses"]
    await desk.has_become_a_photo(done["location"])


def refusals(done: dict[str, Any]) -> list[str]:
    """Replies that no client should meet: it may meet 409 after a cut, and then asks."""
    return [one for one in done["statuses"] if one.split()[1][0] != "2" and " 409" not in one]


@pytest.mark.parametrize("removes", [True, False])
@pytest.mark.parametrize("as_buffer", [True, False])
async def test_another_start_of_the_app_goes_on_where_the_first_ended(
    suite: Suite,
    alice: Phone,
    client: Path,
    pictures: dict[str, bytes],
    tmp_path: Path,
    removes: bool,
    as_buffer: bool,
) -> None:
    desk = Desk(client, tmp_path, alice, pictures["large"])
    how = {"asBuffer": as_buffer, "options": {**CHUNKS, "removeFingerprintOnSuccess": removes}}
    async with line_to(suite, cuts=(Cut(900_000), Cut(1_000_000))) as line:
        first = await desk.send(line, abortAt=1_400_000, **how)
        assert (first["kept"], first["offset"] < len(desk.content)) == (1, True)
        done = await desk.send(line, resume=True, **how)
    assert done["location"] == first["location"]
    assert done["statuses"][0] == "HEAD 200"
    assert done["kept"] == (0 if removes else 1)
    await desk.has_become_a_photo(done["location"])


async def test_a_finished_upload_is_found_again(
    suite: Suite, alice: Phone, client: Path, pictures: dict[str, bytes], tmp_path: Path
) -> None:
    desk = Desk(client, tmp_path, alice, pictures["small"])
    async with line_to(suite) as line:
        first = await desk.send(line)
        again = await desk.send(line, resume=True)
    assert (again["location"], again["statuses"]) == (first["location"], ["HEAD 200"])
    assert again["headers"]["photo-id"] == first["headers"]["photo-id"]


@pytest.mark.parametrize(
    "options",
    [{}, CHUNKS, {**CHUNKS, "protocol": "ietf-draft-05"}],
    ids=["whole", "in chunks", "draft"],
)
@pytest.mark.parametrize("victim", ["upload-1", "gateway-1", "all of both"])
async def test_processes_die_while_the_client_sends(
    suite: Suite,
    alice: Phone,
    client: Path,
    pictures: dict[str, bytes],
    tmp_path: Path,
    victim: str,
    options: dict[str, Any],
) -> None:
    desk = Desk(client, tmp_path, alice, pictures["large"])
    both = [*suite.process_names("upload"), *suite.process_names("gateway")]
    victims = [name for name in both if "worker" not in name] if " " in victim else [victim]
    happens = [
        (size, partial(suite.kill, name))
        for size, name in zip(range(800_000, 10_000_000, 900_000), victims, strict=False)
    ]
    async with line_to(suite, happens=happens) as line:
        done = await desk.send(line, options=options)
    assert line.sent >= len(desk.content) > happens[-1][0]
    assert done["offset"] == len(desk.content)
    await desk.has_become_a_photo(done["location"])
    for name in victims:
        await eventually(partial(_is_healthy, suite, name), within_s=60)


async def _is_healthy(suite: Suite, name: str) -> None:
    assert await suite.is_healthy(name)
