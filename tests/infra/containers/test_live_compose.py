"""The suite in containers serves, and goes on serving while containers stop.

It needs podman, podman-compose and the images of `make image`. RETRATO_COMPOSE names another tool.
"""

import asyncio
import json
import os
import shlex
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from infra.containers.composing import Published
from infra.containers.images import image_names
from infra.containers.rendering import Wishes, render_compose
from infra.run_folder import REPOSITORY, RunFolder
from infra.suite import suite_in
from tests.eventually import eventually
from tests.failures.steady_load import Tally, steady_load
from tests.journeys.phone import Phone, phone_of

TOOL = shlex.split(os.environ.get("RETRATO_COMPOSE", "podman-compose --in-pod false"))
NETWORK = os.environ.get("RETRATO_TEST_COMPOSE_NET", "10.88")
PUBLISH = os.environ.get("RETRATO_TEST_COMPOSE_PUBLISH", "127.0.0.1")
PROJECT = "retrato-test"
UP_S_MAX = 60
_PORT = 8080


def _has_images() -> bool:
    if shutil.which("podman") is None or shutil.which(TOOL[0]) is None:
        return False
    return not any(
        subprocess.run(["podman", "image", "exists", name], check=False).returncode
        for name in image_names().values()
    )


pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not _has_images(), reason="needs podman, podman-compose, and `make image`"),
]


def _podman(*words: str) -> str:
    return subprocess.run(
        ["podman", *words], check=True, capture_output=True, text=True, timeout=300
    ).stdout


class Containers:
    """The suite of one compose file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        published = Published(PUBLISH, _PORT, 8443)
        render_compose(
            root, Wishes(NETWORK, published, PROJECT, image_names(), "loose", "k8s-file")
        )

    @property
    def url(self) -> str:
        """The first balancer, on the network of the containers."""
        return f"http://{NETWORK}.1.1:{_PORT}"

    def compose(self, *words: str) -> None:
        done = subprocess.run(
            [*TOOL, *words],
            cwd=self.root,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout[-3000:]

    def name(self, service: str) -> str:
        """The container of a service of the file, however the tool calls it."""
        (found,) = _podman(
            "ps",
            "--all",
            "--filter=label=com.docker.compose.project=" + PROJECT,
            "--filter=label=com.docker.compose.service=" + service,
            "--format={{.Names}}",
        ).split()
        return found

    def stop(self, service: str) -> None:
        _podman("stop", self.name(service))

    def start(self, service: str) -> None:
        _podman("start", self.name(service))


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    made = Containers(tmp_path_factory.mktemp("compose"))
    began_s = time.monotonic()
    made.compose("up", "-d")
    try:
        _until_it_serves(made.url, began_s + UP_S_MAX - time.monotonic())
        print(f"up after {time.monotonic() - began_s:.1f} s")  # noqa: T201 - a figure of the run
        yield made
    finally:
        made.compose("down", "--volumes")


def _until_it_serves(url: str, within_s: float) -> None:
    person = {
        "username": f"first{time.time_ns()}"[:20],
        "email": f"first{time.time_ns()}@mail.example",
        "password": "correct horse battery",
        "device": "test",
    }

    def somebody_signs_up() -> None:
        try:
            reply = httpx.post(f"{url}/v1/users", json=person, timeout=3)
        except httpx.HTTPError as error:
            raise AssertionError(repr(error)) from error
        assert reply.status_code == 201, reply.text

    asyncio.run(eventually(somebody_signs_up, within_s=within_s, every_s=0.25))


@asynccontextmanager
async def _load(containers: Containers, per_second: int) -> AsyncIterator[tuple[Tally, Phone]]:
    async with (
        phone_of(containers.url, "alice") as alice,
        phone_of(containers.url, "bob") as bob,
        httpx.AsyncClient(timeout=15) as client,
    ):
        await bob.follow(alice)
        post = await alice.post("a quiet day")
        await bob.sees(post["id"])
        requests = [
            bob.http.build_request("GET", "/v1/timelines/home"),
            bob.http.build_request("GET", f"/v1/users/{alice.id}"),
            bob.http.build_request("PUT", f"/v1/posts/{post['id']}/like"),
            bob.http.build_request("GET", f"/v1/posts/{post['id']}"),
        ]
        async with steady_load(client, requests, per_second) as tally:
            yield tally, alice


PARTS = [
    *("gateway-1", "gateway-2", "users-1", "users-2", "upload-1", "upload-2", "feed-1", "feed-2"),
    *("users-worker-1", "upload-worker-1", "feed-worker-1"),
]


async def test_any_gateway_service_or_worker_stops_and_no_request_fails(
    containers: Containers,
) -> None:
    async with _load(containers, 40) as (tally, _alice):
        for part in PARTS:
            await asyncio.to_thread(containers.stop, part)
            await asyncio.to_thread(containers.start, part)
            await _until_healthy(containers, part)
        await _sent(tally, 2_000)
    print(f"{tally.sent} requests, {len(tally.failures)} failed, {tally.resent} sent again")  # noqa: T201
    assert tally.failures == []


async def _sent(tally: Tally, count: int) -> None:
    def they_are_sent() -> None:
        assert tally.sent >= count

    await eventually(they_are_sent, within_s=120)


async def _until_healthy(containers: Containers, part: str) -> None:
    plan = suite_in(RunFolder(containers.root), NETWORK).plan
    process = plan.process(part)
    url = f"https://{process.address}:{process.port}/ready"
    context = ssl.create_default_context(cafile=containers.root / "pki" / "ca.crt")

    async def it_is_ready() -> None:
        async with httpx.AsyncClient(verify=context, timeout=2) as client:
            try:
                reply = await client.get(url)
            except httpx.HTTPError as error:
                raise AssertionError(f"{part} does not answer") from error
        assert reply.text == "ok", part

    await eventually(it_is_ready, within_s=60, every_s=0.2)


@pytest.mark.parametrize("part", ["redis-feed", "redis-gateway", "redis-users", "redis-upload"])
async def test_a_redis_is_expendable(containers: Containers, part: str) -> None:
    async with _load(containers, 30) as (tally, _alice):
        await _sent(tally, 100)
        await asyncio.to_thread(_podman, "kill", containers.name(part))
        await asyncio.to_thread(containers.start, part)
        await _sent(tally, 800)
    print(f"{part}: {tally.sent} requests, {len(tally.failures)} failed")  # noqa: T201
    assert len(tally.failures) < 0.01 * tally.sent, tally.failures[:5]


async def test_a_primary_comes_back_with_its_data(containers: Containers) -> None:
    async with phone_of(containers.url, "alice") as alice:
        post = await alice.post("kept")
        for part in ("postgres-feed-a", "postgres-feed-b"):
            await asyncio.to_thread(_podman, "kill", containers.name(part))
            await asyncio.to_thread(containers.start, part)

        async def it_is_read_and_liked() -> None:
            reply = await alice.http.get(f"/v1/posts/{post['id']}")
            liked = await alice.http.put(f"/v1/posts/{post['id']}/like")
            assert reply.status_code == liked.status_code == 200

        await eventually(it_is_read_and_liked)


async def test_a_balancer_goes_and_the_other_one_serves(containers: Containers) -> None:
    second = f"http://{NETWORK}.1.2:{_PORT}"
    await asyncio.to_thread(containers.stop, "nginx-1")
    try:
        async with phone_of(second, "carol") as carol:
            await carol.post("by the other one")
    finally:
        await asyncio.to_thread(containers.start, "nginx-1")


JOURNEYS = (
    *("test_the_main_job.py", "test_accounts.py", "test_following.py", "test_posts.py"),
    *("test_comments.py", "test_activity.py", "test_blocking.py", "test_sessions.py"),
    *("test_uploads.py", "test_media.py", "test_paging.py", "test_pinned_posts.py"),
)


def test_the_journeys_pass(containers: Containers) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(f"tests/journeys/{name}" for name in JOURNEYS),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "RETRATO_TEST_SUITE": str(containers.root)},
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    print(done.stdout[-300:])  # noqa: T201
    assert done.returncode == 0, done.stdout[-6000:]


def test_no_secret_is_in_an_image(containers: Containers) -> None:
    secrets = json.loads((containers.root / "secrets.json").read_text(encoding="utf-8"))
    for name in image_names().values():
        shown = _podman("history", "--no-trunc", name) + _podman("inspect", name)
        assert not [one for one, value in secrets.items() if value in shown]
    shown = _podman("inspect", containers.name("users-1"))
    assert not [one for one, value in secrets.items() if value in shown]


def test_the_image_has_no_compiler_and_is_small() -> None:
    name = image_names()["suite"]
    size = int(_podman("image", "inspect", "--format={{.Size}}", name))
    assert size <= 450_000_000
    look = "for one in cc gcc g++ ld make pip; do command -v $one; done; id -u"
    assert _podman("run", "--rm", "--network=none", name, "sh", "-c", look).split() == ["10001"]
