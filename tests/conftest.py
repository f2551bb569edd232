"""The suite that the tests of a session share: isolated, from clean data, gone afterwards."""

import fcntl
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from infra.run_folder import REPOSITORY
from shared.edges import batches
from shared.sharding import node_pool
from tests.container_suite import attached_suite
from tests.suite import Suite
from tests.suite_logs import complaints_since
from tests.tiers import mark_tiers

# Beside a suite of `make up`, on a network and in a folder of its own.
TEST_NETWORK = "127.21"
TEST_FOLDER = REPOSITORY / ".run-test"
# The same examples in each run, however busy the machine is: a change is judged by itself alone.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# New ones, to look for faults: make test-fast T=--hypothesis-profile=searching
settings.register_profile("searching", deadline=None)
settings.load_profile("steady")

# What watches costs a test a tenth of a core, and finds fault with what a test breaks on purpose.
# Tests of the watchers start suites of their own.
if "RETRATO_TEST_SUITE" not in os.environ:
    os.environ.setdefault("RETRATO_WATCH", "off")

# RETRATO_TEST_SUITE=.run runs against the suite that is up in that folder, and leaves it as it is:
# quick while one writes a test. The folder of a suite in containers, .run/containers, will do, too.
# RETRATO_TEST_NET and RETRATO_TEST_RUN_DIR let two sessions coexist.
ATTACH = "RETRATO_TEST_SUITE"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier, and run those that need the whole suite last.

    The suite's workers start only then, and would take the jobs and events that other tests make
    for themselves.
    """
    mark_tiers(items)
    items.sort(key=lambda item: "suite" in getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the suite logged meanwhile is part of what is reported of a failed test."""
    report = yield
    suite = getattr(item, "funcargs", {}).get("suite")
    if report.failed and isinstance(suite, Suite):
        logged = complaints_since(suite.log_dir, call.start)
        report.sections.append(("Complaints of the suite's processes meanwhile", logged))
    return report


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test does in its own process is not given up because the machine is busy.

    No relay runs beside it that could bring an edge to where it ends a little later.
    """
    monkeypatch.setattr(batches, "MIRROR_MS_MAX", 30_000)
    monkeypatch.setattr(node_pool, "ACQUIRE_SECONDS_MAX", 30.0)


@pytest.fixture(scope="session")
def data_suite() -> Iterator[Suite]:
    """Names, databases with migrated shards, Redis and the store; enough for a store's tests."""
    attached = os.environ.get(ATTACH)
    if attached:
        yield attached_suite(Path(attached))
        return
    folder = Path(os.environ.get("RETRATO_TEST_RUN_DIR") or TEST_FOLDER)
    network = os.environ.get("RETRATO_TEST_NET") or TEST_NETWORK
    with _alone_in(folder):
        # What a session that was cut short has left is ended and deleted first.
        Suite(folder, network).reset()
        suite = Suite(folder, network)
        try:
            suite.bring_up(data_only=True)
            yield suite
        finally:
            suite.reset()


@pytest.fixture(scope="session")
def suite(data_suite: Suite) -> Suite:
    """All of it, through to the balancers."""
    if not os.environ.get(ATTACH):
        data_suite.bring_up(data_only=False)
    return data_suite


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    lock_file = folder.with_name(f"{folder.name}.lock")
    with lock_file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pytest.exit(
                f"Another session runs in {folder}; wait for it, or set RETRATO_TEST_RUN_DIR and"
                " RETRATO_TEST_NET to a folder and a network of your own."
            )
        try:
            yield
        finally:
            lock_file.unlink()
