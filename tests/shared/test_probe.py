"""A probe believes only the right certificate, and says in its exit status whether all is well."""

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.shared.certificates import Authority

_ADDRESS = "127.22.9.1"
_REPOSITORY = Path(__file__).parents[2]


class _Process(BaseHTTPRequestHandler):
    """A process that is ready, and whose other pages say that it drains."""

    def do_GET(self) -> None:
        status, text = (200, b"ok") if self.path == "/ready" else (503, b"draining")
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Write nothing."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def variables(authority: Authority) -> Iterator[dict[str, str]]:
    issued = authority.issue("users.internal")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.cert_file, issued.key_file)
    with HTTPServer((_ADDRESS, 0), _Process) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield {
            "USERS_TLS_CA_FILE": str(authority.ca_file),
            "USERS_LISTEN_HOST": _ADDRESS,
            "USERS_LISTEN_PORT": str(server.server_port),
        }
        server.shutdown()
        thread.join()


def _probe(variables: dict[str, str], *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "shared.probe", "USERS", *words],
        env={"PATH": os.environ["PATH"], **variables},
        cwd=_REPOSITORY,
        capture_output=True,
        check=False,
        text=True,
        timeout=30,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_ready_process_is_well(variables: dict[str, str]) -> None:
    assert _probe(variables) == (0, "200 ok\n")


def test_a_process_that_drains_is_not(variables: dict[str, str]) -> None:
    assert _probe(variables, "--path", "/other") == (1, "503 draining\n")


def test_a_certificate_for_another_name_is_not_believed(variables: dict[str, str]) -> None:
    status, said = _probe(variables, "--name", "feed.internal")
    assert status == 1
    assert "feed.internal" in said


def test_a_certificate_of_another_authority_is_not_believed(
    variables: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    status, said = _probe({**variables, "USERS_TLS_CA_FILE": str(other.ca_file)})
    assert status == 1
    assert "certificate verify failed" in said


def test_nobody_at_the_port_is_not_well(variables: dict[str, str]) -> None:
    status, said = _probe({**variables, "USERS_LISTEN_HOST": "127.22.9.2"})
    assert status == 1
    assert "does not answer" in said


def test_a_probe_without_variables_is_unusable() -> None:
    status, said = _probe({})
    assert status == 2
    assert "USERS_LISTEN_PORT" in said
