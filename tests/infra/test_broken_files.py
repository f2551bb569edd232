"""A broken file of a suite gives a message with file and line, never a traceback."""

import re
from pathlib import Path

import pytest

from infra.authority_files import BrokenCertificate, authority_fingerprint
from infra.certificates import Authority
from infra.control.failures import SuiteFailure
from infra.json_files import read_json
from infra.plan.planning import plan_of
from infra.secret_values import open_secrets
from infra.topology import TOPOLOGY_FILE, load_topology
from infra.topology_tables import TopologyError

TEXT = TOPOLOGY_FILE.read_text(encoding="utf-8")


def _line(text: str) -> int:
    return next(number for number, line in enumerate(TEXT.splitlines(), 1) if line == text)


@pytest.mark.parametrize(
    ("pattern", "replacement", "says"),
    [
        (r"\[network\]", "[network", r"line \d+"),
        (r"shard_count = 64\n", "", rf"line {_line('[group.users]')}: .*lacks 'shard_count'"),
        (r"\[nginx\]", "[engine]", "lacks 'nginx'"),
        (r"port = 8080\n", "", rf"line {_line('[nginx]')}: .*lacks 'port'"),
        (r'address = "13.1"\n', "", r"line \d+: \[group.users.primary\] lacks 'address'"),
        (r"shards = \[0, 31\]", "shards = 31", "not understood"),
        (r"shards = \[0, 31\]", "shards = [0]", "not understood"),
        (r"shard_count = 64", 'shard_count = "64"', "not understood"),
        (r'\nkind = "embedded"', '\nkind = "embedded"\nrack = 3', "not understood.*rack"),
        (r"\[32, 63\]", "[33, 63]", "exactly one primary"),
    ],
)
def test_a_topology_that_cannot_be_read(
    tmp_path: Path, pattern: str, replacement: str, says: str
) -> None:
    file = tmp_path / "topology.toml"
    text, count = re.subn(pattern, replacement, TEXT, count=1)
    assert count == 1
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TopologyError, match=says) as caught:
        load_topology(file)
    assert str(file) in str(caught.value)


def test_a_topology_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "topology.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TopologyError, match=str(file)):
        load_topology(file)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{\n 'a': 1}", "line 2"),
        (b"", "line 1"),
        (b"[1]", "an object was expected"),
        (b"\xff\xfe", "this is not text"),
        (b'{"a": 1', "line 1"),
    ],
)
def test_json_that_cannot_be_read(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_bytes(content)
    with pytest.raises(SuiteFailure, match=says) as caught:
        read_json(file)
    assert str(file) in str(caught.value)


def test_secrets_that_are_lost_are_not_made_by_a_command_that_only_looks(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    with pytest.raises(SuiteFailure, match="is missing: run `make up`"):
        open_secrets(file, plan_of(load_topology()), may_make=False)
    assert not file.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [("ca.crt", b"nothing"), ("ca.key", b"nothing"), ("ca.key", b""), ("ca.crt", b"\x00")],
)
def test_an_authority_that_cannot_be_read(tmp_path: Path, name: str, content: bytes) -> None:
    Authority(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BrokenCertificate, match=f"{name}, line 1"):
        authority_fingerprint(tmp_path)


def test_an_authority_with_the_key_of_another(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    Authority(one)
    Authority(other)
    (one / "ca.key").write_bytes((other / "ca.key").read_bytes())
    with pytest.raises(BrokenCertificate, match="not the key of"):
        authority_fingerprint(one)


def test_a_broken_certificate_of_a_server_is_issued_again(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.server_pair("users", ("users.internal",))
    pair.certificate.write_bytes(b"nothing")
    assert b"BEGIN" in authority.server_pair("users", ("users.internal",)).certificate.read_bytes()
