"""The caretaker says when every process's certificate ends, and `make status` names the first."""

import re
from pathlib import Path

import pytest

from infra import caretaker
from infra.certificates import Authority, find_certificate
from infra.control.certificate_renewal import Shown, look_at_processes
from infra.control.shown_certificates import certificate_file
from infra.plan.planning import plan_of
from infra.run_folder import RunFolder
from infra.status.certificates import certificate_lines
from infra.suite import Suite as OnDisk
from infra.topology import load_topology
from tests.eventually import eventually
from tests.suite import Suite

_LINE = re.compile(r'^retrato_certificate_end_seconds\{name="([^"]+)"\} (\S+)$', re.MULTILINE)


async def test_the_end_of_every_certificate_is_a_metric(suite: Suite) -> None:
    named = {p.name for p in suite.processes() if certificate_file(suite.on_disk, p)}

    async def all_are_published() -> dict[str, float]:
        page = await suite.metrics("caretaker")
        ends = {name: float(end) for name, end in _LINE.findall(page)}
        assert set(ends) >= named
        assert "authority" in ends
        return ends

    ends = await eventually(all_are_published, within_s=90)
    assert all(end < ends["authority"] for name, end in ends.items() if name != "authority")


async def test_every_process_shows_what_its_file_holds(suite: Suite) -> None:
    shown = await look_at_processes(suite.on_disk)
    assert [process.name for process in shown.late] == []
    assert set(shown.certificates) >= {process.name for process in suite.processes()} - {"dns"}


async def test_status_names_the_certificate_that_ends_first(suite: Suite) -> None:
    lines, is_well = await certificate_lines(suite.on_disk)
    assert is_well
    (line,) = lines
    assert re.search(r"the first ends \d{4}-\d\d-\d\d \d\d:\d\d UTC \([a-z0-9-]+\)", line)


async def test_a_process_that_has_left_the_suite_leaves_the_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(load_topology(network="127.99"))
    suite = OnDisk(plan, RunFolder(tmp_path), Path("/decoder/python"), may_make_keys=True)
    pair = Authority(suite.folder.pki).server_pair("feed", ("feed.internal",))
    certificate = find_certificate(pair.certificate)
    assert certificate is not None
    rounds = iter([("feed-1", "feed-3"), ("feed-1",), ("feed-1", "feed-2")])

    async def look(_suite: OnDisk) -> Shown:
        return Shown(dict.fromkeys(next(rounds), certificate), ())

    monkeypatch.setattr(caretaker, "look_at_processes", look)
    for named in ({"feed-1", "feed-3"}, {"feed-1"}, {"feed-1", "feed-2"}):
        await caretaker.look_once(suite)
        (metric,) = caretaker.ENDS_AT.collect()
        assert {sample.labels["name"] for sample in metric.samples} == {*named, "authority"}
