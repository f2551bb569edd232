"""Alertmanager takes and shows alerts for Prometheus only, whatever else has a certificate."""

import http.client
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.plan.planning import plan_of
from infra.plan.watchers import ALERTMANAGER
from infra.processes import processes_of
from infra.rendering.everything import render_everything
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology
from infra.watching.commands import watcher_command
from infra.watching.reading import WatchersSilent, firing, shown_to
from tests.eventually import eventually

# Of those that have one for clients, etcd and the operators' page talk with others than the suite.
_OTHERS = ("ops", "etcd-1", "watch-reader", "alertmanager", "")

# That of no suite.
_ADDRESS = "127.0.98.1"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    drawn = load_topology(is_watched=True, has_failover=True)
    assert drawn.watch is not None
    watch = replace(drawn.watch, address=_ADDRESS, alertmanager_port=_free_port())
    plan = plan_of(replace(drawn, watch=watch))
    suite = Suite(
        plan,
        RunFolder(tmp_path_factory.mktemp("watched")),
        Path("/decoder/python"),
        may_make_keys=True,
        patroni_python=Path("/venv-ha/bin/python"),
    )
    render_everything(suite, processes_of(suite))
    return suite


@pytest.fixture
async def alertmanager(rendered: Suite) -> AsyncIterator[Suite]:
    """Start it without the supervisor, whose account it does not need."""
    words = watcher_command(rendered, rendered.plan.process(ALERTMANAGER))
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:  # noqa: ASYNC220
        try:
            await eventually(lambda: _answers(rendered))
            yield rendered
        finally:
            process.terminate()


def _answers(suite: Suite) -> None:
    try:
        assert firing(suite) == []
    except WatchersSilent as error:
        raise AssertionError from error


async def test_only_prometheus_is_answered(alertmanager: Suite) -> None:
    told = [_status(alertmanager, name) for name in ("prometheus", *_OTHERS)]
    assert told == [200] + [0] * len(_OTHERS)


async def test_a_renewed_certificate_of_prometheus_counts_at_once(alertmanager: Suite) -> None:
    pair = shown_to(alertmanager, ALERTMANAGER)
    former = pair.certificate.read_bytes()
    alertmanager.authority.renew(pair)
    assert pair.certificate.read_bytes() != former
    assert _status(alertmanager, "prometheus") == 200


def _status(suite: Suite, name: str) -> int:
    """Post an alert with the pair of that name; 0 if the connection is refused."""
    context = ssl.create_default_context(cafile=str(suite.ca_file))
    if name:
        pair = suite.folder.pki / name
        context.load_cert_chain(f"{pair}.crt", f"{pair}.key")
    process = suite.plan.process(ALERTMANAGER)
    connection = http.client.HTTPSConnection(
        process.address, process.port, timeout=10, context=context
    )
    try:
        connection.request("POST", "/api/v2/alerts", "[]", {"Content-Type": "application/json"})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind((_ADDRESS, 0))
        port: int = listening.getsockname()[1]
        return port
