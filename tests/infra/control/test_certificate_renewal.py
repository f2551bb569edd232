"""Running databases, Redis and stores show a renewed certificate without a restart."""

import pytest

from infra.certificates import Authority, KeyPair, find_certificate
from infra.control.certificate_renewal import (
    hand_over,
    look_at_processes,
    renew_due,
    wait_until_taken_up,
)
from infra.control.failures import SuiteFailure
from infra.control.run_lock import sole_command
from infra.control.shown_certificates import certificate_file
from infra.control.supervisor import Supervisor
from infra.process import Process
from tests.suite import Suite

NAMES = ("postgres-users-a", "postgres-users-a-replica", "redis-feed", "store")


def _pair(suite: Suite, process: Process) -> KeyPair:
    file = certificate_file(suite.on_disk, process)
    assert file is not None
    return KeyPair(file, file.with_suffix(".key"))


def _end_soon(suite: Suite) -> None:
    authority = Authority(suite.on_disk.folder.pki)
    for name in NAMES:
        authority.renew(_pair(suite, suite.process(name)), days=1)


async def test_a_renewed_certificate_is_shown_without_a_restart(data_suite: Suite) -> None:
    pids = {name: data_suite.pid(name) for name in NAMES}
    _end_soon(data_suite)
    assert {p.name for p in (await look_at_processes(data_suite.on_disk)).late} == set(NAMES)
    renewed = renew_due(data_suite.on_disk)
    assert sorted(renewed) == sorted(_pair(data_suite, data_suite.process(n)).name for n in NAMES)
    assert renew_due(data_suite.on_disk) == []

    shown = await look_at_processes(data_suite.on_disk)
    assert {process.name for process in shown.late} == set(NAMES)
    await hand_over(data_suite.on_disk, shown.late)
    assert await wait_until_taken_up(data_suite.on_disk) == []

    shown = await look_at_processes(data_suite.on_disk)
    for name in NAMES:
        held = find_certificate(_pair(data_suite, data_suite.process(name)).certificate)
        assert shown.certificates[name] == held
        assert await data_suite.is_healthy(name)
    assert {name: data_suite.pid(name) for name in NAMES} == pids


async def test_nothing_is_renewed_while_another_command_is_at_work(data_suite: Suite) -> None:
    _end_soon(data_suite)
    with (
        sole_command(data_suite.on_disk.folder, "promote"),
        pytest.raises(SuiteFailure, match="make promote"),
    ):
        renew_due(data_suite.on_disk)
    assert len(renew_due(data_suite.on_disk)) == len(NAMES)
    await hand_over(data_suite.on_disk, (await look_at_processes(data_suite.on_disk)).late)
    assert await wait_until_taken_up(data_suite.on_disk) == []


async def test_a_process_that_does_not_run_keeps_no_other_from_its_certificate(
    data_suite: Suite,
) -> None:
    await data_suite.stop("redis-feed")
    try:
        _end_soon(data_suite)
        processes = [data_suite.process(name) for name in NAMES]
        await hand_over(data_suite.on_disk, reversed(processes))
        assert await wait_until_taken_up(data_suite.on_disk) == []
        shown = await look_at_processes(data_suite.on_disk)
        assert "redis-feed" not in shown.certificates
    finally:
        await data_suite.start("redis-feed")
        renew_due(data_suite.on_disk)
        await hand_over(data_suite.on_disk, [data_suite.process(name) for name in NAMES])
        assert await wait_until_taken_up(data_suite.on_disk) == []
    assert Supervisor(data_suite.on_disk.folder).state("redis-feed").is_up
