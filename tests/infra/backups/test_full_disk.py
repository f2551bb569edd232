"""A primary's disk really fills: uploads are refused first, then all writes; reads go on."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.backups.complaints import backup_lines
from infra.rendering.postgres import data_folder
from tests.eventually import eventually
from tests.infra.backups.drawn_suite import DrawnSuite, drawn_suite
from tests.journeys.phone import JPEG, Phone, phone_of, picture
from tests.suite import Suite

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a disk"),
]

# All primaries of both groups, because the test's account may be on any of them.
PRIMARIES = ("upload-a", "upload-b", "feed-a", "feed-b")
DISK_BYTES = 4 * 1024**3
SEEN_WITHIN_S = 60.0


@pytest.fixture
async def drawn(data_suite: Suite) -> AsyncIterator[DrawnSuite]:
    """A suite whose primaries in PRIMARIES share a small disk."""
    with drawn_suite(data_suite, "disk", {}) as drawn:
        await asyncio.to_thread(drawn.infra, "up", "--data-only")
        await asyncio.to_thread(drawn.infra, "down")
        with _small_disk(drawn):
            await asyncio.to_thread(drawn.infra, "up")
            yield drawn
            await asyncio.to_thread(drawn.infra, "down")


def _disk(drawn: DrawnSuite) -> Path:
    run_dir = drawn.suite.run_dir
    return run_dir.with_name(f"{run_dir.name}-mounted")


@contextmanager
def _small_disk(drawn: DrawnSuite) -> Iterator[None]:
    """Mount a file as the disk of the primaries, and link their folders to it meanwhile."""
    disk = _disk(drawn)
    image = disk.with_suffix(".img")
    disk.mkdir()
    disk.chmod(0o755)
    with image.open("wb") as file:
        file.truncate(DISK_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(disk)], check=True)
    folders = [data_folder(drawn.on_disk, drawn.on_disk.plan.member(name)) for name in PRIMARIES]
    mounted: list[Path] = []
    try:
        for folder in folders:
            there = disk / folder.name
            subprocess.run(["cp", "-a", str(folder), str(there)], check=True)
            subprocess.run(["mount", "--bind", str(there), str(folder)], check=True)
            mounted.append(folder)
        yield
    finally:
        for folder in [*mounted, disk]:
            subprocess.run(["umount", str(folder)], check=True)
        image.unlink()
        disk.rmdir()


async def test_a_disk_that_fills_refuses_and_takes_again(drawn: DrawnSuite) -> None:
    balloon = _disk(drawn) / "balloon"
    async with phone_of(drawn.suite.public_url, "alice") as alice:
        kept = [await alice.post("before")]
        _leave_free(balloon, 3 * 1024**3 // 2)
        await eventually(lambda: _refuses_uploads(alice), within_s=SEEN_WITHIN_S)
        # A comment needs little space and is still accepted.
        await alice.comment(kept[0]["id"], "still here")

        _leave_free(balloon, 300 * 1024**2)
        await eventually(lambda: _refuses_writes(alice, kept[0]["id"]), within_s=SEEN_WITHIN_S)
        await eventually(lambda: _says_so(drawn), within_s=SEEN_WITHIN_S)
        await _reads(alice, kept)

        # The disk fills to the last byte at once: a server may crash, and restarts on its reserve.
        _leave_free(balloon, 0)
        await eventually(lambda: _refuses_writes(alice, kept[0]["id"]), within_s=SEEN_WITHIN_S)
        await eventually(lambda: _reads(alice, kept), within_s=SEEN_WITHIN_S)

        balloon.unlink()
        await eventually(lambda: _posts(alice, kept), within_s=SEEN_WITHIN_S)
        assert {item["id"] for item in await alice.home()} == {post["id"] for post in kept}
        assert "still here" in await alice.comments(kept[0]["id"])


async def _says_so(drawn: DrawnSuite) -> None:
    lines, _are_well = backup_lines(drawn.on_disk)
    for name in PRIMARIES:
        assert any(f"{name} refuses all writes" in line for line in lines)


async def _reads(alice: Phone, kept: list[dict[str, Any]]) -> None:
    """Read from the databases, as far as nothing is cached."""
    assert {item["id"] for item in await alice.home()} == {post["id"] for post in kept}
    reply = await alice.http.get(f"/v1/posts/{kept[0]['id']}/comments")
    assert reply.status_code == 200, reply.text
    assert "still here" in [comment["text"] for comment in reply.json()["items"]]


def _leave_free(balloon: Path, free_bytes: int) -> None:
    """Fill the disk at once, except for `free_bytes`."""
    there = shutil.disk_usage(balloon.parent).free
    size = balloon.stat().st_size if balloon.exists() else 0
    with balloon.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, size + max(there - free_bytes - 1024**2, 1))


async def _refuses_uploads(alice: Phone) -> None:
    reply = await alice.http.post("/v1/photos", content=picture(), headers=JPEG)
    _is_problem(reply, 507)


async def _refuses_writes(alice: Phone, post_id: str) -> None:
    reply = await alice.http.post(f"/v1/posts/{post_id}/comments", json={"text": "no room"})
    _is_problem(reply, 503)


def _is_problem(reply: httpx.Response, status: int) -> None:
    assert reply.status_code == status
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert int(reply.headers.get("Retry-After", 0)) > 0


async def _posts(alice: Phone, kept: list[dict[str, Any]]) -> None:
    reply = await alice.http.post("/v1/photos", content=picture(), headers=JPEG)
    assert reply.status_code == 202, reply.text
    kept.append(await alice.publish(str(reply.json()["photo"]["id"]), caption="after"))
