"""The replacement of the authority can be cut short at any step, and goes on afterwards."""

import ssl
from typing import Any

import pytest
from cryptography import x509

from infra.authority_files import AuthorityFiles
from infra.control import authority_rotation
from infra.control.authority_rotation import is_under_way, rotate_authority
from infra.control.certificate_renewal import look_at_processes, renew_due
from infra.control.opening import open_holdings
from infra.control.progress import Progress
from infra.control.run_lock import sole_command
from infra.holdings.findings import Words
from infra.holdings.ledger import read_ledger
from tests.suite import Suite

QUIET = Progress(quiet=True)


class CutShort(Exception):
    """The command ended here, as by a signal."""


# Every call between two changes of files, and which of several calls of it.
QUICK_CUTS = [("sync_folder", 1), ("wait_until_taken_up", 1)]
CUTS = [
    ("keep_section", 1),
    ("record_if_possible", 1),
    ("_tell_balancers", 1),
    ("issue_due", 1),
    ("hand_over", 1),
    ("record_if_possible", 2),
    ("_tell_balancers", 2),
    ("keep_section", 2),
]


def _cut_at(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    called = 0
    real = getattr(authority_rotation, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal called
        called += 1
        if called == number:
            raise CutShort
        return real(*args, **kwargs)

    monkeypatch.setattr(authority_rotation, name, call)


async def _require_usable(suite: Suite) -> None:
    """Every process is trusted by whoever connects now, and a start would find nothing wrong."""
    on_disk = suite.on_disk
    trusted = {one.subject: one for one in AuthorityFiles(on_disk.folder.pki).trusted()}
    shown = (await look_at_processes(on_disk)).certificates
    assert set(shown) >= {"postgres-users-a", "redis-feed", "store"}
    for name, certificate in shown.items():
        certificate.verify_directly_issued_by(trusted[certificate.issuer])
        assert await suite.is_healthy(name), name
    in_use = {member.name for member in on_disk.plan.members}
    await open_holdings(on_disk, in_use, Words(), QUIET)


@pytest.mark.parametrize(
    ("name", "number"),
    [*QUICK_CUTS, *(pytest.param(*cut, marks=pytest.mark.long) for cut in CUTS)],
)
async def test_a_replacement_that_is_cut_short_goes_on(
    data_suite: Suite, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    on_disk = data_suite.on_disk
    files = AuthorityFiles(on_disk.folder.pki)
    former = files.signer()
    with monkeypatch.context() as cut:
        _cut_at(cut, name, number)
        with pytest.raises(CutShort):
            await rotate_authority(on_disk, QUIET)
    await _require_usable(data_suite)

    await rotate_authority(on_disk, QUIET)
    await _require_usable(data_suite)
    present = files.signer()
    assert files.trusted() == [present.certificate]
    assert not is_under_way(files)
    assert present.fingerprint != former.fingerprint
    ledger = read_ledger(on_disk.folder.ledger_file)
    assert ledger is not None
    assert ledger.authority == present.fingerprint
    shown = (await look_at_processes(on_disk)).certificates
    assert {one.issuer for one in shown.values()} == {present.certificate.subject}
    assert former.certificate.subject not in {
        one.subject for one in _trusted_by_clients(data_suite)
    }


def _trusted_by_clients(suite: Suite) -> list[x509.Certificate]:
    context = ssl.create_default_context(cafile=str(suite.ca_file))
    return [x509.load_der_x509_certificate(one) for one in context.get_ca_certs(binary_form=True)]


async def test_the_caretaker_leaves_a_replacement_alone(data_suite: Suite) -> None:
    """It signs with the authority whose key is there, while the command holds the lock."""
    with sole_command(data_suite.on_disk.folder, "rotate"):
        await rotate_authority(data_suite.on_disk, QUIET)
        assert renew_due(data_suite.on_disk) == []
