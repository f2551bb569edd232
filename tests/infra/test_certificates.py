"""Certificates have the right names and addresses, are reissued on change, and work in TLS."""

import socket
import ssl
import threading
from pathlib import Path

import pytest

from infra.certificates import Authority, KeyPair


def test_a_certificate_that_fits_is_kept(tmp_path: Path) -> None:
    first = Authority(tmp_path).server_pair("users", ("users.internal", "127.20.3.1"))
    text = first.certificate.read_bytes()
    second = Authority(tmp_path).server_pair("users", ("users.internal", "127.20.3.1"))
    assert second.certificate.read_bytes() == text


def test_another_address_makes_another_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    text = authority.server_pair("users", ("users.internal",)).certificate.read_bytes()
    pair = authority.server_pair("users", ("users.internal", "127.20.3.9"))
    assert pair.certificate.read_bytes() != text


def test_a_certificate_of_an_earlier_authority_is_replaced(tmp_path: Path) -> None:
    text = Authority(tmp_path).server_pair("users", ("users.internal",)).certificate.read_bytes()
    (tmp_path / "ca.key").unlink()
    pair = Authority(tmp_path).server_pair("users", ("users.internal",))
    assert pair.certificate.read_bytes() != text


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    pair = Authority(tmp_path).server_pair("users", ("users.internal",))
    assert pair.key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["users.internal", "127.0.0.1"])
def test_a_client_that_trusts_the_authority_accepts_the_name(tmp_path: Path, name: str) -> None:
    authority = Authority(tmp_path)
    pair = authority.server_pair("users", ("users.internal", "127.0.0.1"))
    _shake_hands(authority, pair, name)


def test_a_client_refuses_another_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.server_pair("users", ("users.internal",))
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        _shake_hands(authority, pair, "feed.internal")


def _shake_hands(authority: Authority, pair: KeyPair, name: str) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(pair.certificate, pair.key)
    client_side = ssl.create_default_context(cafile=str(authority.certificate_file))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server_side.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        client_side.wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        server.join()
