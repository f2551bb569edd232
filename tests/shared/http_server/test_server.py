"""A process starts, drains and exits as its supervisor expects."""

import json
import re
import signal
import socket
import ssl
import subprocess
import sys
from http.client import HTTPResponse

import httpx
import pytest

from shared.http_server.problems import MEDIA_TYPE
from shared.http_server.server import _claim_address
from shared.settings import ProcessSettings
from tests.eventually import eventually
from tests.shared.certificates import Authority
from tests.shared.conftest import OWN_ADDRESSES, StartReplica
from tests.shared.replica_process import AS_OPERATOR, PORT, ROOT


async def test_sigterm_drains_and_ends_with_zero(start_replica: StartReplica) -> None:
    replica = start_replica(OWN_ADDRESSES[0])
    replica.signal(signal.SIGTERM)
    assert replica.process is not None
    assert replica.process.wait(10) == 0
    assert [line["event"] for line in replica.lines()][-1] == "stopped"


async def test_a_draining_replica_asks_its_callers_not_to_come_back(
    start_replica: StartReplica, authority: Authority
) -> None:
    replica = start_replica(OWN_ADDRESSES[0])
    tls = ssl.create_default_context(cafile=str(authority.ca_file))
    raw = socket.create_connection((replica.address, PORT))
    with tls.wrap_socket(raw, server_hostname="users.internal") as connection:
        ask = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall(ask)
        assert b"connection: close" not in connection.recv(65_536)
        replica.signal(signal.SIGTERM)

        def new_ones_are_refused() -> None:
            assert replica.ready() == (0, "")

        await eventually(new_ones_are_refused)
        received = b""
        connection.sendall(ask)
        while chunk := connection.recv(65_536):
            received += chunk
        assert b"connection: close" in received


@pytest.mark.parametrize("ask", [b"\x00\x01\r\n\r\n", b"GET / HTTP/1.1\r\nX-Some: \x01\r\n\r\n"])
async def test_what_is_no_http_is_refused_by_a_problem(
    start_replica: StartReplica, authority: Authority, ask: bytes
) -> None:
    replica = start_replica(OWN_ADDRESSES[0])
    tls = ssl.create_default_context(cafile=str(authority.ca_file))
    raw = socket.create_connection((replica.address, PORT))
    with tls.wrap_socket(raw, server_hostname="users.internal") as connection:
        connection.sendall(ask)
        reply = HTTPResponse(connection)
        reply.begin()
        assert (reply.status, reply.headers["content-type"]) == (400, MEDIA_TYPE)
        assert reply.headers.get_all("cache-control") == ["no-store"]
        assert json.loads(reply.read())["code"] == "bad_request"


async def test_a_process_says_how_late_its_loop_is(
    start_replica: StartReplica, authority: Authority
) -> None:
    replica = start_replica(OWN_ADDRESSES[0])
    tls = ssl.create_default_context(cafile=str(authority.ca_file))
    url = f"https://{replica.address}:{PORT}/metrics"
    async with httpx.AsyncClient(verify=tls) as client:

        async def it_has_been_looked_at() -> None:
            page = await client.get(
                url, headers=AS_OPERATOR, extensions={"sni_hostname": "users.internal"}
            )
            assert re.search(r"\nretrato_event_loop_lag_seconds_count [1-9]", page.text)

        await eventually(it_has_been_looked_at)


async def test_every_line_is_json_with_the_name_of_the_process(start_replica: StartReplica) -> None:
    replica = start_replica(OWN_ADDRESSES[0])
    written = replica.log.read_text().splitlines()
    lines = [json.loads(line) for line in written]
    assert {line["instance"] for line in lines} == {f"users-{OWN_ADDRESSES[0]}"}
    assert all({"ts", "level", "event", "request_id"} <= set(line) for line in lines)


def _run_to_its_end(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.shared.replica_app"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_a_port_that_is_taken_is_told_in_one_sentence(start_replica: StartReplica) -> None:
    replica = start_replica(OWN_ADDRESSES[0])
    second = _run_to_its_end(replica.environment)
    assert second.returncode == 1
    (sentence,) = second.stderr.splitlines()
    assert f"{OWN_ADDRESSES[0]}:{PORT}" in sentence
    assert "in use" in sentence


def test_who_is_still_starting_refuses_connections() -> None:
    with _claim_address(
        ProcessSettings.model_construct(listen_host=OWN_ADDRESSES[0], listen_port=PORT)
    ) as door:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((OWN_ADDRESSES[0], PORT))
        door.listen()
        socket.create_connection((OWN_ADDRESSES[0], PORT)).close()


def test_a_missing_setting_is_told_by_its_name(start_replica: StartReplica) -> None:
    environment = dict(start_replica(OWN_ADDRESSES[0]).environment)
    del environment["REPLICA_LISTEN_PORT"]
    refused = _run_to_its_end(environment)
    assert refused.returncode == 2
    assert "REPLICA_LISTEN_PORT" in refused.stderr


async def test_a_renewed_certificate_is_shown_by_the_same_process(
    start_replica: StartReplica, authority: Authority
) -> None:
    replica = start_replica(OWN_ADDRESSES[0])
    assert replica.process is not None
    before = ssl.get_server_certificate((replica.address, PORT))
    pid = replica.process.pid
    authority.issue("users.internal")

    def another_is_shown() -> None:
        assert ssl.get_server_certificate((replica.address, PORT)) != before

    await eventually(another_is_shown)
    assert replica.ready() == (200, "ok")
    assert replica.process.pid == pid
    assert replica.process.poll() is None
