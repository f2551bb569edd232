"""Given certificates are used only if they are good for their part; each fault is a sentence."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from infra.certificates import find_certificate
from infra.control.certificate_renewal import issue_due
from infra.control.failures import SuiteFailure
from infra.elsewhere.certificates import needed_certificates, require_certificates
from infra.given_certificates import GivenCertificates, Wanted
from infra.plan.figures import Certificates
from infra.plan.planning import plan_of
from infra.rendering.everything import render_everything
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology

HOSTS = ("users.internal", "127.99.3.1")
_HOUR = dt.timedelta(hours=1)


class Signer:
    """Whoever signs, with a folder of what was signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.ca = trustme.CA()
        self.ca.cert_pem.write_to_path(str(folder / "ca.crt"))

    def sign(self, name: str, *hosts: str, by: trustme.CA | None = None, days: int = 30) -> None:
        ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
        issued = (by or self.ca).issue_cert(
            *hosts, not_before=ends - 99 * _HOUR * 24, not_after=ends
        )
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        key.unlink(missing_ok=True)
        issued.private_key_pem.write_to_path(str(key))
        key.chmod(0o600)
        certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "given")


def _other_key(signer: Signer) -> None:
    content = (signer.folder / "users.crt").read_bytes()
    signer.sign("users", *HOSTS)
    (signer.folder / "users.crt").write_bytes(content)


FAULTS: list[tuple[Callable[[Signer], object], str]] = [
    (lambda one: (one.folder / "users.key").unlink(), "users.key is missing"),
    (lambda one: (one.folder / "users.crt").write_text("nothing"), "is no certificate"),
    (lambda one: (one.folder / "users.key").chmod(0o644), "can be read by everybody"),
    (lambda one: one.sign("users", HOSTS[0]), "is not for 127.99.3.1"),
    (lambda one: one.sign("users", *HOSTS, days=-1), "counts from"),
    (lambda one: one.sign("users", *HOSTS, by=trustme.CA()), "is not signed by"),
    (lambda one: (one.folder / "users.key").write_text("nothing"), "is no private key"),
    (_other_key, "is not the key of"),
]


@pytest.mark.parametrize(("spoil", "says"), FAULTS)
def test_a_pair_that_is_not_good_is_refused_with_a_sentence(
    signer: Signer, tmp_path: Path, spoil: Callable[[Signer], object], says: str
) -> None:
    signer.sign("users", *HOSTS)
    given = GivenCertificates(signer.folder, tmp_path / "pki")
    assert given.fault_of("users", Wanted(HOSTS)) == ""
    spoil(signer)
    with pytest.raises(SuiteFailure, match=says):
        given.server_pair("users", HOSTS)


def test_a_key_is_copied_for_one_account_only(signer: Signer, tmp_path: Path) -> None:
    signer.sign("users", *HOSTS)
    pair = GivenCertificates(signer.folder, tmp_path / "pki").server_pair("users", HOSTS)
    assert pair.key.stat().st_mode & 0o777 == 0o600
    assert pair.key.read_bytes() == (signer.folder / "users.key").read_bytes()


def test_a_chain_behind_the_certificate_is_believed(signer: Signer, tmp_path: Path) -> None:
    signer.sign("users", *HOSTS, by=signer.ca.create_child_ca())
    given = GivenCertificates(signer.folder, tmp_path / "pki")
    assert given.fault_of("users", Wanted(HOSTS)) == ""


def _suite(signer: Signer, folder: Path) -> Suite:
    folder.mkdir()
    plan = plan_of(load_topology(network="127.99", is_watched=True))
    plan = replace(plan, certificates=Certificates("external", str(signer.folder)))
    return Suite(plan, RunFolder(folder), Path("/decoder"), may_make_keys=True)


def test_a_start_names_all_that_lacks_and_then_takes_up_what_is_renewed(
    signer: Signer, tmp_path: Path
) -> None:
    suite = _suite(signer, tmp_path / "run")
    with pytest.raises(SuiteFailure) as refusal:
        require_certificates(suite)
    wanted = needed_certificates(suite)
    for name in ("users", "feed-worker", "nginx", "caretaker", "prometheus", "users-a.postgres"):
        assert f"{name}.crt" in str(refusal.value)
        assert name in wanted
    for name, one in wanted.items():
        signer.sign(name, *one.hosts)
    require_certificates(suite)
    render_everything(suite, ())
    held = suite.folder.pki / "users.crt"
    assert held.read_bytes() == (signer.folder / "users.crt").read_bytes()
    assert issue_due(suite) == []
    signer.sign("users", *wanted["users"].hosts)
    assert issue_due(suite) == ["users"]
    assert find_certificate(held) == find_certificate(signer.folder / "users.crt")
    # A renewal that is no good is refused, and the former copy stays.
    before = held.read_bytes()
    signer.sign("users", "other.internal")
    with pytest.raises(SuiteFailure, match="is not for"):
        issue_due(suite)
    assert held.read_bytes() == before
