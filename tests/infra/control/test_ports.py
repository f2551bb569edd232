"""A busy address is reported with the process that holds it, before anything starts."""

import os
import socket

import pytest

from infra.control.failures import SuiteFailure
from infra.control.ports import listeners_at, require_free

# An address outside of all suites' networks.
ADDRESS = "127.31.0.1"


def test_a_free_address_is_no_complaint() -> None:
    require_free([(ADDRESS, 8000)])


def test_a_busy_address_is_named_with_its_program_and_process() -> None:
    with (
        socket.create_server((ADDRESS, 0)) as server,
        pytest.raises(SuiteFailure) as failure,
    ):
        require_free([(ADDRESS, server.getsockname()[1])])
    said = str(failure.value)
    assert f"{ADDRESS}:{server_port(said)} is held by" in said
    assert f"(pid {os.getpid()})" in said
    assert "RETRATO_NET" in said


def server_port(said: str) -> str:
    return said.split(f"{ADDRESS}:")[1].split(" ", maxsplit=1)[0]


def test_one_that_listens_on_every_address_is_seen() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SuiteFailure, match=f"0.0.0.0:{port} is held by"):
            require_free([(ADDRESS, port)])


def test_the_holder_of_a_listening_socket_is_found() -> None:
    with socket.create_server((ADDRESS, 0)) as server:
        (listener,) = listeners_at([server.getsockname()])
    assert listener.pids == {os.getpid()}
