"""A certificate that does not fit is never shown, and the former one stays."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from infra.certificates import Authority, KeyPair
from infra.control.acme import is_due
from infra.control.failures import SuiteFailure
from infra.control.public_upkeep import renew_now
from infra.plan.figures import Public
from infra.plan.planning import plan_of
from infra.public_certificate import OWN_PAIR, PublicCertificate, covers, problem_of
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology

DOMAIN = "photos.example.org"


class Case:
    """A folder with our own certificate for the name, and an authority that signs others."""

    def __init__(self, root: Path) -> None:
        self.folder = RunFolder(root / "run")
        for folder in (self.folder.public, self.folder.acme / "certificates"):
            folder.mkdir(parents=True)
        self.other = Authority(root / "other")
        Authority(self.folder.pki).server_pair(OWN_PAIR, (DOMAIN,))

    def given(self, domain: str = DOMAIN, *, days: float = 90) -> KeyPair:
        """Return a pair of another authority for this name and life."""
        pair = self.other.server_pair("given", (domain,))
        self.other.renew(pair, days=days)
        return pair

    def of_files(self, pair: KeyPair) -> PublicCertificate:
        """Return the certificate of an operator who names this pair."""
        files = (str(pair.certificate), str(pair.key))
        return PublicCertificate(self.folder, Public(DOMAIN, (), "files", *files))


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def _shown(certificate: PublicCertificate) -> bytes:
    certificate.place()
    assert certificate.is_placed()
    return certificate.shown.certificate.read_bytes()


def test_our_own_is_shown_until_there_is_another(case: Case) -> None:
    certificate = PublicCertificate(case.folder, Public(DOMAIN))
    assert not certificate.is_placed()
    assert _shown(certificate) == (case.folder.pki / f"{OWN_PAIR}.crt").read_bytes()
    problem = certificate.problem()
    assert problem is not None
    assert "is not there yet" in problem


def test_a_new_one_is_placed_with_its_key_closed_to_others(case: Case) -> None:
    pair = case.given()
    certificate = case.of_files(pair)
    assert _shown(certificate) == pair.certificate.read_bytes()
    assert certificate.shown.key.read_bytes() == pair.key.read_bytes()
    assert certificate.shown.key.stat().st_mode & 0o777 == 0o600
    assert certificate.problem() is None


def test_one_for_another_name_leaves_the_former_one(case: Case) -> None:
    certificate = case.of_files(case.given())
    before = _shown(certificate)
    case.given("elsewhere.example.org")
    assert _shown(certificate) == before
    problem = certificate.problem()
    assert problem is not None
    assert f"is not for {DOMAIN}" in problem


@pytest.mark.parametrize("broken", ["", "not PEM"])
def test_a_broken_or_half_written_one_leaves_the_former_one(case: Case, broken: str) -> None:
    pair = case.given()
    certificate = case.of_files(pair)
    before = _shown(certificate)
    pair.key.write_text(broken)
    assert _shown(certificate) == before
    assert certificate.problem() is not None


def test_a_key_of_another_certificate_is_named(case: Case) -> None:
    pair = case.given()
    own = case.folder.pki / f"{OWN_PAIR}.key"
    problem = problem_of(KeyPair(pair.certificate, own), DOMAIN)
    assert problem is not None
    assert "is not the key of" in problem


def test_one_that_has_ended_is_named(case: Case) -> None:
    problem = problem_of(case.given(days=-0.01), DOMAIN)
    assert problem is not None
    assert "ended" in problem


@pytest.mark.parametrize(
    ("names", "fits"),
    [
        ([DOMAIN], True),
        (["*.example.org"], True),
        (["PHOTOS.example.org"], True),
        (["example.org"], False),
        (["*.photos.example.org"], False),
        (["*.org"], False),
        ([], False),
    ],
)
def test_a_star_stands_for_one_label(names: list[str], fits: bool) -> None:
    assert covers(names, DOMAIN) is fits


@pytest.mark.parametrize(
    ("days", "passed", "due"),
    [
        (90, 0, False),
        (90, 59, False),
        (90, 61, True),
        (45, 10, False),
        (45, 16, True),
        (6, 3, True),
    ],
)
def test_a_renewal_is_due_a_month_before_the_end_and_earlier_for_short_lives(
    case: Case, days: int, passed: int, due: bool
) -> None:
    certificate = PublicCertificate(case.folder, Public(DOMAIN))
    now = dt.datetime.now(dt.UTC)
    assert is_due(certificate, now)
    pair = case.given(days=days)
    certificate.issued.certificate.write_bytes(pair.certificate.read_bytes())
    certificate.issued.key.write_bytes(pair.key.read_bytes())
    assert is_due(certificate, now + dt.timedelta(days=passed)) is due


def test_who_asks_for_a_certificate_without_a_name_is_told_so(tmp_path: Path) -> None:
    suite = Suite(plan_of(load_topology()), RunFolder(tmp_path), tmp_path)
    with pytest.raises(SuiteFailure, match="no public name"):
        renew_now(suite)


def test_who_asks_for_one_from_files_that_do_not_fit_hears_why(case: Case) -> None:
    pair = case.given("elsewhere.example.org")
    public = Public(DOMAIN, (), "files", str(pair.certificate), str(pair.key))
    plan = plan_of(replace(load_topology(), public=public))
    with pytest.raises(SuiteFailure, match=f"is not for {DOMAIN}"):
        renew_now(Suite(plan, case.folder, case.folder.root))
