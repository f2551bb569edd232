"""The power fails: file systems forget what was not flushed, and nothing acknowledged is missing.

The suite's data lies on a file system of its own. It is shut down as if the machine had lost its
power: nothing that waits in memory reaches the disk any more.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import TEST_FOLDER, TEST_NETWORK
from tests.eventually import eventually
from tests.infra.mistakes.stage import Stage
from tests.journeys.phone import Phone, phone_of, picture

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

NETWORK_STEP = 93
DISK_BYTES = 6 * 1024**3
ROUNDS = 3
PHONES = 4
# Some are older than the five seconds between a file system's commits, and the last ones are not.
READY_BEFORE_CUT = 40
# linux/fs.h: FS_IOC_SHUTDOWN, and the flag that forgets even the journal's unwritten part.
SHUT_DOWN = 0x8004587D
WITHOUT_FLUSH = 2


@dataclass
class Acknowledged:
    """What phones were told: photos that arrived, ready ones with their picture, and posts."""

    photos: dict[str, Phone] = field(default_factory=dict)
    ready: dict[str, str] = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)


@pytest.fixture
def stage() -> Iterator[Stage]:
    if os.geteuid() != 0 or not Path("/dev/loop-control").exists():
        pytest.skip("only root can mount a file system, with a loop device")
    folder = Path(os.environ.get("RETRATO_TEST_RUN_DIR") or TEST_FOLDER).absolute()
    network = int((os.environ.get("RETRATO_TEST_NET") or TEST_NETWORK).split(".")[1])
    made = Stage(folder.with_name(f"{folder.name}-power"), f"127.{network + NETWORK_STEP}")
    disk = made.folder.with_suffix(".disk")
    made.clear()
    (made.folder / "data").mkdir(parents=True)
    with disk.open("wb") as image:
        image.truncate(DISK_BYTES)
    _run("mkfs.ext4", "-q", str(disk))
    _plug_in(made)
    try:
        yield made
    finally:
        made.infra("down")
        _run("umount", str(made.folder / "data"))
        made.clear()
        disk.unlink()


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_what_was_acknowledged_outlives_a_power_cut(stage: Stage, _round: int) -> None:
    assert not stage.infra("up").returncode
    url = stage.suite().public_url
    async with contextlib.AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(phone_of(url, "ann")) for _ in range(PHONES)]
        told = await _use_until_the_cut(stage, phones)
        _end_processes(stage)
        await eventually(lambda: _unplug(stage), within_s=60)
        # The balancers' cache would answer for the store.
        shutil.rmtree(stage.folder / "cache")
        _plug_in(stage)
        again = stage.infra("up")
        assert not again.returncode, again.stdout
        lost = await _missing(told)
    assert told.ready
    assert not lost, f"{len(lost)} of {len(told.photos)} photos, {len(told.posts)} posts: {lost}"


async def _use_until_the_cut(stage: Stage, phones: list[Phone]) -> Acknowledged:
    told = Acknowledged()
    users = [asyncio.create_task(_use(phone, told)) for phone in phones]

    async def enough() -> None:
        for user in users:
            assert not user.done(), user.exception()
        assert len(told.ready) >= READY_BEFORE_CUT

    await eventually(enough, within_s=120)
    _cut_power(stage.folder / "data")
    # From here on nobody's reply counts.
    seen = Acknowledged(dict(told.photos), dict(told.ready), list(told.posts))
    for user in users:
        user.cancel()
    await asyncio.gather(*users, return_exceptions=True)
    return seen


async def _use(phone: Phone, told: Acknowledged) -> None:
    while True:
        photo_id = await phone.upload(picture(1600, 1200))
        told.photos[photo_id] = phone
        content = await _content_of(phone, photo_id)
        told.ready[photo_id] = hashlib.sha256(content).hexdigest()
        told.posts.append((await phone.publish(photo_id))["id"])


async def _content_of(phone: Phone, photo_id: str) -> bytes:
    """The bytes of the largest rendition, when the photo is ready."""

    async def ready() -> str:
        photo = await phone.get(f"/v1/photos/{photo_id}")
        assert photo["state"] == "ready", photo
        return str(photo["renditions"][0]["url"])

    reply = await phone.http.get(await eventually(ready, within_s=60))
    assert reply.status_code == 200
    return reply.content


async def _missing(told: Acknowledged) -> list[str]:
    lost = []
    for photo_id, phone in told.photos.items():
        try:
            digest = hashlib.sha256(await _content_of(phone, photo_id)).hexdigest()
            if told.ready.get(photo_id, digest) != digest:
                lost.append(f"photo {photo_id} is another")
        except AssertionError as missing:
            lost.append(f"photo {photo_id}: {missing}")
    reader = next(iter(told.photos.values()))
    for post_id in told.posts:
        reply = await reader.http.get(f"/v1/posts/{post_id}")
        lost += [] if reply.status_code == 200 else [f"post {post_id}: {reply.status_code}"]
    return lost


def _cut_power(data: Path) -> None:
    descriptor = os.open(data, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, SHUT_DOWN, struct.pack("I", WITHOUT_FLUSH))
    finally:
        os.close(descriptor)


def _end_processes(stage: Stage) -> None:
    while pids := stage.pids():
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _plug_in(stage: Stage) -> None:
    data = stage.folder / "data"
    _run("mount", "-o", "loop", str(stage.folder.with_suffix(".disk")), str(data))
    data.chmod(0o711)


async def _unplug(stage: Stage) -> None:
    try:
        await asyncio.to_thread(_run, "umount", str(stage.folder / "data"))
    except subprocess.CalledProcessError as busy:
        # The kernel may need a moment to close the files of killed processes.
        raise AssertionError(busy.stderr) from busy


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=60)
