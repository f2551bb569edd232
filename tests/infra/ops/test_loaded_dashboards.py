"""On a suite under load, every query of every dashboard returns data, and the page opens."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from infra.ops.asking import Asking
from infra.ops.descriptions import Panel, dashboards
from infra.ops.forecast.document import forecast
from infra.ops.measurements import Measurements
from infra.ops.panels import with_window
from infra.ops.sign_in import COOKIE
from infra.watching.reading import READER
from tests.eventually import eventually
from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite

pytestmark = pytest.mark.long
# Several scrapes, so that each rate has two values.
WINDOW_S = 120
WITHIN_S = 300


@pytest.fixture(scope="module")
def watched(suite: Suite) -> Iterator[Suite]:
    """The suite with its watchers, which tests have off otherwise."""
    if suite.plan.watch is not None:
        yield suite
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETRATO_WATCH", "on")
        with_watchers = Suite(suite.run_dir, suite.plan.network)
        with_watchers.bring_up(data_only=False)
        yield with_watchers
    suite.bring_up(data_only=False)


@pytest.fixture
async def measurements(watched: Suite) -> AsyncIterator[Measurements]:
    process, folder = watched.plan.process("prometheus"), watched.on_disk.folder.pki
    asking = Asking(folder / "ca.crt", folder / f"{READER}.crt", folder / f"{READER}.key")
    yield Measurements(asking, f"https://{process.address}:{process.port}")
    await asking.close()


async def _live(alice: Phone, bob: Phone, stop: asyncio.Event) -> None:
    """Do what people do, again and again."""
    await bob.follow(alice)
    while not stop.is_set():
        post = await alice.post("a picture")
        await bob.put(f"/v1/posts/{post['id']}/like")
        await bob.comment(post["id"], "yes")
        await bob.home()


@pytest.fixture
async def busy(watched: Suite) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with (
        phone_of(watched.public_url, "al") as alice,
        phone_of(watched.public_url, "bo") as bob,
    ):
        living = asyncio.create_task(_live(alice, bob, stop))
        yield
        stop.set()
        await living


async def test_every_query_returns_data(
    busy: None, watched: Suite, measurements: Measurements
) -> None:
    asked = [
        (p, q)
        for one in dashboards()
        for p in one.panels
        for q in p.queries
        if _is_meant(watched, p)
    ]

    async def all_return_data() -> None:
        empty = [
            f"{panel.name}: {query.expr}"
            for panel, query in asked
            if not await measurements.now(with_window(query.expr, WINDOW_S))
        ]
        assert empty == []

    await eventually(all_return_data, within_s=WITHIN_S)
    told = await asyncio.to_thread(watched.make, "forecast")
    assert "Connections to Postgres" in told.stdout, told.stderr
    document = await forecast(measurements)
    assert [one["name"] for one in document["scarce"] if not one["outlooks"]] == []


def _is_meant(suite: Suite, panel: Panel) -> bool:
    return panel.needs != "backups" or suite.plan.backup.enabled


async def test_an_operator_signs_in_and_reads_that_all_is_known(watched: Suite) -> None:
    password = {"password": watched.on_disk.secrets["ops_password"]}
    async with httpx.AsyncClient(base_url=watched.public_url, timeout=60) as browser:
        reply = await browser.post("/ops/sign-in", data=password)
        assert reply.headers["location"] == "/ops/"
        assert COOKIE in reply.cookies

        async def knows_all() -> None:
            now = (await browser.get("/ops/api/now")).json()
            names = {process.name for process in watched.processes()}
            assert {one["name"] for one in now["processes"]} == names
            assert len(now["databases"]) == len(watched.plan.databases)
            told = {reason["what"].split()[0] for reason in now["verdict"]["reasons"]}
            # A busy machine may miss an objective, but every process works.
            assert told.isdisjoint(names), now["verdict"]
            assert now["alerts"] is not None

        await eventually(knows_all, within_s=WITHIN_S)
