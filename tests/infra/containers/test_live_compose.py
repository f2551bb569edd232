"""The suite in containers serves, and goes on serving while containers stop.

It needs podman, podman-compose and the images of `make image`. RETRATO_COMPOSE names another tool,
and RETRATO_CONTAINER_ENGINE the engine that it drives. RETRATO_TEST_SUITE=.run/containers takes the
suite that is up there, and leaves it up.
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
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.containers.choices import Choices
from infra.containers.images import image_names
from infra.containers.rendering import render_compose
from infra.run_folder import REPOSITORY
from tests.container_suite import ENGINE, ContainerSuite, engine
from tests.eventually import eventually
from tests.failures.quiet_day import load_of_a_quiet_day
from tests.failures.steady_load import Tally
from tests.journeys.phone import PASSWORD, phone_of, sign_in

TOOL = shlex.split(os.environ.get("RETRATO_COMPOSE", "podman-compose --in-pod false"))
# Beside a suite of `make compose`, and beside one of `make up`.
CHOICES = Choices(
    network=os.environ.get("RETRATO_TEST_COMPOSE_NET", "10.88"),
    publish=os.environ.get("RETRATO_TEST_COMPOSE_PUBLISH", "127.0.0.1"),
    port=28_080,
    tls_port=28_443,
    limits="loose",
    log_driver="k8s-file" if ENGINE == "podman" else "json-file",
    project="retrato-test",
)
# A start is done in a minute on a calm machine, and a busy one may take its time.
UP_S_MAX = 600
PER_SECOND = 40


def _has_images() -> bool:
    if shutil.which(ENGINE) is None or shutil.which(TOOL[0]) is None:
        return False
    look = ("image", "inspect", "--format={{.Id}}")
    return not any(
        subprocess.run([ENGINE, *look, name], check=False, capture_output=True).returncode
        for name in image_names().values()
    )


pytestmark = [
    pytest.mark.long,
    pytest.mark.suite,
    pytest.mark.timeout(1_800),
    pytest.mark.skipif(not _has_images(), reason="needs podman, podman-compose, and `make image`"),
]


def _compose(root: Path, *words: str) -> None:
    done = subprocess.run(
        [*TOOL, *words],
        cwd=root,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=UP_S_MAX,
    )
    assert done.returncode == 0, done.stdout[-3000:]


async def _told(suite: ContainerSuite, word: str, part: str) -> None:
    """Stop or start a part by the tool, which knows how long each may take to end."""
    await asyncio.to_thread(_compose, suite.run_dir, word, part)


def _left(*words: str) -> set[str]:
    """Return what the engine still has of the project."""
    return set(
        engine(*words, f"--filter=label=com.docker.compose.project={CHOICES.project}").split()
    )


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerSuite]:
    if attached := os.environ.get("RETRATO_TEST_SUITE"):
        yield ContainerSuite(Path(attached))
        return
    root = tmp_path_factory.mktemp("compose")
    render_compose(root, CHOICES, image_names())
    began_s = time.monotonic()
    try:
        _compose(root, "up", "-d")
        up_s = time.monotonic() - began_s
        suite = ContainerSuite(root)
        _until_it_serves(suite.public_url)
        served_s = time.monotonic() - began_s
        print(f"started in {up_s:.1f} s, first sign-up after {served_s:.1f} s")  # noqa: T201
        yield suite
    finally:
        _compose(root, "down", "--volumes")
    assert _left("ps", "--all", "--quiet") == set()
    assert _left("volume", "ls", "--quiet") == set()
    assert _left("network", "ls", "--quiet") == set()


def _until_it_serves(url: str) -> None:
    person = {
        "username": f"first{time.time_ns()}"[:20],
        "email": f"first{time.time_ns()}@mail.example",
        "password": PASSWORD,
        "device": "test",
    }

    def somebody_signs_up() -> None:
        try:
            reply = httpx.post(f"{url}/v1/users", json=person, timeout=3)
        except httpx.HTTPError as error:
            raise AssertionError(repr(error)) from error
        assert reply.status_code == 201, reply.text

    asyncio.run(eventually(somebody_signs_up, within_s=UP_S_MAX, every_s=0.25))


async def _is_ready(suite: ContainerSuite, name: str) -> None:
    """Wait until a process of a service says that it takes work."""
    process = suite.plan.process(name)
    url = f"https://{process.address}:{process.port}/ready"
    trusted = ssl.create_default_context(cafile=str(suite.ca_file))

    async def it_is_ready() -> None:
        async with httpx.AsyncClient(verify=trusted, timeout=2) as client:
            try:
                reply = await client.get(url)
            except httpx.HTTPError as error:
                raise AssertionError(f"{name} does not answer") from error
        assert reply.text == "ok", name

    await eventually(it_is_ready, within_s=UP_S_MAX, every_s=0.2)


async def _is_up(suite: ContainerSuite, name: str) -> None:
    """Wait until a store takes connections again."""
    process = suite.plan.process(name)

    async def it_listens() -> None:
        try:
            _, writer = await asyncio.open_connection(process.address, process.port)
        except OSError as error:
            raise AssertionError(f"{name} does not listen") from error
        writer.close()

    await eventually(it_listens, within_s=UP_S_MAX, every_s=0.2)


async def _sent(tally: Tally, count: int) -> None:
    def they_are_sent() -> None:
        assert tally.sent >= count

    await eventually(they_are_sent, within_s=600)


def _say(what: str, tally: Tally) -> None:
    print(  # noqa: T201 - a figure of the run
        f"{what}: {tally.sent} requests, {len(tally.failures)} failed, {tally.resent} sent again"
    )


def _parts(suite: ContainerSuite) -> list[str]:
    """Return the gateways, the replicas of the services and the workers."""
    return [one.name for one in suite.plan.processes if one.service in suite.plan.services]


async def test_any_gateway_service_or_worker_stops_and_no_request_fails(
    containers: ContainerSuite,
) -> None:
    parts = _parts(containers)
    async with load_of_a_quiet_day(containers.public_url, PER_SECOND) as tally:
        for number, part in enumerate(parts, 1):
            before = len(tally.failures)
            await _told(containers, "stop", part)
            await _told(containers, "start", part)
            await _is_ready(containers, part)
            # What a stop has set off may show later than the stop.
            await _sent(tally, max(tally.sent + PER_SECOND, 2_000 * number // len(parts)))
            _say(f"{part} (+{len(tally.failures) - before})", tally)
    assert tally.failures == []
    assert tally.sent >= 2_000


async def test_any_gateway_service_or_worker_dies_and_hardly_a_request_fails(
    containers: ContainerSuite,
) -> None:
    parts = _parts(containers)
    async with load_of_a_quiet_day(containers.public_url, PER_SECOND) as tally:
        for part in parts:
            await asyncio.to_thread(containers.kill, part)
            await _sent(tally, tally.sent + 4 * PER_SECOND)
            await _is_ready(containers, part)
    _say("killed", tally)
    assert len(tally.failures) <= 0.005 * tally.sent, tally.failures[:5]


def _members(suite: ContainerSuite, role: str) -> list[str]:
    return [
        one.name
        for one in suite.plan.processes
        if one.kind == "postgres" and one.name.endswith("-replica") is (role == "replica")
    ]


async def test_every_redis_is_expendable(containers: ContainerSuite) -> None:
    async with phone_of(containers.public_url, "carol") as carol:
        for one in [one.name for one in containers.plan.processes if one.kind == "redis"]:
            async with load_of_a_quiet_day(containers.public_url, 30) as tally:
                await _sent(tally, 100)
                await asyncio.to_thread(containers.kill, one)
                await _is_up(containers, one)
                await _sent(tally, 800)
            _say(one, tally)
            assert len(tally.failures) < 0.01 * tally.sent, tally.failures[:5]
            await carol.get("/v1/me")


async def test_every_replica_is_expendable(containers: ContainerSuite) -> None:
    async with load_of_a_quiet_day(containers.public_url, PER_SECOND) as tally:
        for one in _members(containers, "replica"):
            await asyncio.to_thread(containers.kill, one)
            await _is_up(containers, one)
            await _sent(tally, tally.sent + 4 * PER_SECOND)
    _say("replicas killed", tally)
    assert len(tally.failures) <= 0.005 * tally.sent, tally.failures[:5]


async def test_a_primary_comes_back_with_every_acknowledged_write(
    containers: ContainerSuite,
) -> None:
    async with phone_of(containers.public_url, "alice") as alice:
        post = await alice.post("kept")
        written: list[str] = []
        for one in _members(containers, "primary"):
            await asyncio.to_thread(containers.kill, one)
            said = f"while {one} was away"

            async def it_is_written(text: str = said) -> None:
                reply = await alice.http.post(
                    f"/v1/posts/{post['id']}/comments",
                    json={"text": text, "reply_to": None},
                    headers={"Idempotency-Key": text},
                )
                assert reply.status_code == 201, reply.text

            await eventually(it_is_written, within_s=UP_S_MAX, every_s=0.2)
            written.append(said)

        async def all_is_there() -> None:
            assert sorted(await alice.comments(post["id"])) == sorted(written)
            assert (await alice.get(f"/v1/posts/{post['id']}"))["caption"] == "kept"
            assert (await sign_in(containers.public_url, alice.username))["access_token"]

        await eventually(all_is_there, within_s=60)


async def test_without_the_store_people_read_on(containers: ContainerSuite) -> None:
    async with phone_of(containers.public_url, "alice") as alice:
        async with load_of_a_quiet_day(containers.public_url, 30) as tally:
            await _told(containers, "stop", "store")
            await _sent(tally, 300)
            await _told(containers, "start", "store")
            await _is_up(containers, "store")
        _say("without the store", tally)
        assert tally.failures == []

        async def a_picture_is_taken() -> None:
            reply = await alice.http.get("/v1/me")
            assert reply.status_code == 200
            await alice.post("with the store again")

        await eventually(a_picture_is_taken, within_s=60)


async def test_a_balancer_goes_and_the_other_one_serves(containers: ContainerSuite) -> None:
    first, second = containers.public_urls
    for gone, url in (("nginx-1", second), ("nginx-2", first)):
        async with load_of_a_quiet_day(url, PER_SECOND) as tally:
            await _told(containers, "stop", gone)
            await _sent(tally, 300)
            await _told(containers, "start", gone)
            await _is_up(containers, gone)
        _say(f"without {gone}", tally)
        assert tally.failures == []


# Journey → why it is about processes of one machine.
_OF_ONE_MACHINE = {
    "test_traces.py": "traces are in /tmp of the containers",
    "test_edge.py::test_the_pages_of_documents_need_no_outside_network": (
        "nobody outside of the containers is an operator, unless `ops.allow` says so"
    ),
    "test_accounts.py::test_strangers_guesses_do_not_keep_the_owner_out": (
        "all phones of this machine share the address of the containers' network"
    ),
}


def test_the_journeys_pass(containers: ContainerSuite) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/journeys"),
            *(f"--deselect=tests/journeys/{name}" for name in _OF_ONE_MACHINE),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "RETRATO_TEST_SUITE": str(containers.run_dir)},
        check=False,
        capture_output=True,
        text=True,
        timeout=1_700,
    )
    print(done.stdout[-300:])  # noqa: T201 - how many there were
    assert done.returncode == 0, done.stdout[-6000:]


def test_what_the_engine_shows_has_no_secret(containers: ContainerSuite) -> None:
    secrets = json.loads((containers.run_dir / "secrets.json").read_text(encoding="utf-8"))
    for process in containers.plan.processes:
        if process.name not in {"dns", "caretaker"}:
            shown = engine("inspect", containers.container(process.name))
            assert not [name for name, value in secrets.items() if value in shown], process.name


def test_a_process_is_nobody_and_writes_nowhere(containers: ContainerSuite) -> None:
    look = "id -u; grep CapEff /proc/self/status; touch /here /app/here /etc/here 2>&1 | wc -l"
    for name in (
        "users-1",
        "upload-worker-1",
        "postgres-feed-a",
        "redis-users",
        "nginx-1",
        "store",
    ):
        said = engine("exec", containers.container(name), "sh", "-c", look).split()
        assert said == ["10001", "CapEff:", "0" * 16, "3"], name


async def test_the_first_signal_ends_each_part_in_order(containers: ContainerSuite) -> None:
    """A part that ignored its stop signal would be killed, and exit with 137."""
    for name in ("users-2", "feed-worker-1", "postgres-feed-a-replica", "redis-feed", "nginx-2"):
        container = containers.container(name)
        await _told(containers, "stop", name)
        assert engine("inspect", "--format={{.State.ExitCode}}", container).strip() == "0", name
        await _told(containers, "start", name)
        await _is_up(containers, name)
