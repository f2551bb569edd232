"""Certificates have the right names and addresses, are reissued on change, and work in TLS."""

import datetime as dt
import os
import socket
import ssl
import threading
from pathlib import Path

import pytest

from infra.authority_files import AuthorityFiles, make_signer
from infra.certificates import Authority, KeyPair, find_certificate


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


def test_only_certificates_that_end_soon_are_due(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pairs = {name: authority.server_pair(name, (f"{name}.internal",)) for name in ("feed", "users")}
    assert authority.due_pairs() == []
    authority.renew(pairs["users"], days=29)
    authority.renew(pairs["feed"], days=31)
    assert authority.due_pairs() == [pairs["users"]]
    authority.renew(pairs["users"])
    assert authority.due_pairs() == []


def test_a_renewed_certificate_has_the_same_names_and_another_key(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.server_pair("store", ("store.internal",), spelled_addresses=("127.20.6.1",))
    key = pair.key.read_bytes()
    authority.renew(pair)
    assert pair.key.read_bytes() != key
    text = pair.certificate.read_bytes()
    authority.server_pair("store", ("store.internal",), spelled_addresses=("127.20.6.1",))
    assert pair.certificate.read_bytes() == text


@pytest.mark.parametrize("days", [1, 20])
def test_no_certificate_outlives_its_authority_or_is_renewed_for_nothing(
    tmp_path: Path, days: int
) -> None:
    authority = Authority(tmp_path)
    authority.server_pair("users", ("users.internal",))
    end = authority.ends_at
    authority = _ending(authority, dt.datetime.now(dt.UTC) + dt.timedelta(days=days))
    (pair,) = authority.due_pairs()
    authority.renew(pair)
    held = find_certificate(pair.certificate)
    assert held is not None
    assert held.not_valid_after_utc == authority.ends_at < end
    assert authority.due_pairs() == []


def _ending(authority: Authority, moment: dt.datetime) -> Authority:
    """Replace the authority by one that ends at this moment."""
    folder = authority.certificate_file.parent
    files = AuthorityFiles(folder)
    signer = make_signer(ends_at=moment)
    files.make(signer)
    return Authority(folder)


def test_a_pair_that_a_renewal_left_half_done_is_due(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.server_pair("users", ("users.internal",))
    other = authority.server_pair("feed", ("feed.internal",))
    pair.key.write_bytes(other.key.read_bytes())
    assert authority.due_pairs() == [pair]
    text = pair.certificate.read_bytes()
    authority.server_pair("users", ("users.internal",))
    assert pair.certificate.read_bytes() != text
    assert authority.due_pairs() == []


def test_the_key_decides_which_trusted_authority_signs(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.server_pair("users", ("users.internal",))
    files = AuthorityFiles(tmp_path)
    before = files.signer()
    files.make_next()
    files.make_next()
    following = files.next_signer()
    files.trust([before.certificate, following.certificate])
    assert files.signer().fingerprint == before.fingerprint
    assert Authority(tmp_path).due_pairs() == []
    _shake_hands(authority, pair, "users.internal")

    files.next_key.replace(files.key)
    assert files.signer().fingerprint == following.fingerprint
    changed = Authority(tmp_path)
    assert changed.due_pairs() == [pair]
    _shake_hands(changed, pair, "users.internal")  # the earlier certificate is still trusted
    text = pair.certificate.read_bytes()
    changed.renew(pair)
    _shake_hands(changed, pair, "users.internal")

    files.trust([following.certificate])
    _shake_hands(Authority(tmp_path), pair, "users.internal")
    pair.certificate.write_bytes(text)
    assert changed.due_pairs() == [pair]


def test_a_databases_user_keeps_its_key(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root gives files away")
    authority = Authority(tmp_path)
    pair = authority.server_pair("users-a.postgres", ("users-a.internal",))
    os.chown(pair.key, 12_345, 23_456)
    authority.renew(pair)
    found = pair.key.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12_345, 23_456, 0o600)


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
