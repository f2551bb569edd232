"""An external store gets a marker over S3, which later tells whose store it is."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from infra.control.failures import SuiteFailure
from infra.holdings import external_store
from infra.holdings.external_store import look_at_external, mark_external
from infra.holdings.facts import Presence
from infra.holdings.store_marker import bucket_folder
from infra.run_folder import RunFolder
from infra.suite import Suite as SuiteOnDisk
from tests.suite import Suite


@pytest.fixture
async def suite_elsewhere(
    data_suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SuiteOnDisk]:
    """The suite with its own store configured as an external one."""
    # For an external store the client trusts the system's authorities; here they are ours.
    monkeypatch.setattr(external_store, "SYSTEM_CA_FILE", data_suite.ca_file)
    store = data_suite.plan.store
    elsewhere = replace(store, kind="external", endpoint=f"https://{store.address}:{store.port}")
    plan = replace(data_suite.plan, store=elsewhere)
    suite = SuiteOnDisk(plan, RunFolder(data_suite.run_dir), data_suite.run_dir)
    marker = bucket_folder(suite) / "suite" / "marker.json"
    before = marker.read_bytes()
    yield suite
    marker.write_bytes(before)


async def test_what_was_marked_is_read(suite_elsewhere: SuiteOnDisk) -> None:
    await mark_external(suite_elsewhere, {"identity": "here", "suite": "ours"})
    found = await look_at_external(suite_elsewhere)
    assert (found.presence, found.identity, found.suite) == (Presence.WHOLE, "here", "ours")


async def test_a_store_without_a_marker_says_nothing(
    suite_elsewhere: SuiteOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another key, because the embedded store caches listings and must keep the marker's file.
    monkeypatch.setattr(external_store, "_MARKER_KEY", "suite/nothing.json")
    found = await look_at_external(suite_elsewhere)
    assert (found.presence, found.identity) == (Presence.WHOLE, None)


@pytest.mark.parametrize(
    ("change", "says"),
    [({"bucket": "nobodys"}, "NoSuchBucket"), ({"endpoint": "https://127.0.0.1:9"}, "answer")],
)
async def test_a_store_that_cannot_be_asked_is_in_doubt(
    suite_elsewhere: SuiteOnDisk, change: dict[str, str], says: str
) -> None:
    store = replace(suite_elsewhere.plan.store, **change)  # type: ignore[arg-type]
    plan = replace(suite_elsewhere.plan, store=store)
    found = await look_at_external(replace(suite_elsewhere, plan=plan))
    assert found.presence is Presence.DAMAGED
    assert says in found.damage


async def test_a_store_that_takes_no_marker_is_a_sentence(suite_elsewhere: SuiteOnDisk) -> None:
    store = replace(suite_elsewhere.plan.store, endpoint="https://127.0.0.1:9")
    plan = replace(suite_elsewhere.plan, store=store)
    with pytest.raises(SuiteFailure, match="does not take the marker"):
        await mark_external(replace(suite_elsewhere, plan=plan), json.loads("{}"))
