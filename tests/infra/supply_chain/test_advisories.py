"""pip-audit is asked about locked versions; what it cannot say is no good news."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.supply_chain import advisories
from infra.supply_chain.advisories import Answer, answers_in, ask, keep, published_bugs, read_kept
from infra.supply_chain.parts import Part, Use
from tests.infra.supply_chain.osv_records import osv_server

_FORK = Part("pillow", "12.1.1", Use.RUNTIME)
_DECODER = Part("pillow", "13.0.0", Use.DECODER)
_CLEAN = Part("idna", "3.20", Use.RUNTIME)


def test_two_versions_of_a_package_are_both_asked_about() -> None:
    with osv_server() as address:
        answers, reasons = ask([_FORK, _DECODER, _CLEAN], address)
    assert not reasons
    assert {pinned: len(one.advisories) for pinned, one in answers.items()} == {
        "pillow==12.1.1": 2,
        "pillow==13.0.0": 0,
        "idna==3.20": 0,
    }
    found = published_bugs([_FORK, _DECODER, _CLEAN], answers, {_FORK.pinned: "pillow-simd"})
    assert [(one.part, one.ids, one.text) for one in sorted(found)] == [
        ("pillow-simd", ("PYSEC-2026-2251", "CVE-2026-42309"), "fixed in pillow 12.2.0"),
        ("pillow-simd", ("PYSEC-2026-2253", "CVE-2026-54059"), "fixed in pillow 12.3.0"),
    ]


def test_without_network_the_last_answers_serve_and_say_their_age(tmp_path: Path) -> None:
    kept = tmp_path / "deep" / "advisories.json"
    asked_at = datetime.now(UTC) - timedelta(days=3, hours=1)
    keep({_CLEAN.pinned: Answer(asked_at, ())}, kept)
    # Nothing listens on the port of discarded bytes.
    answers, reasons = ask([_CLEAN], "http://127.0.0.1:9/v1/query")
    assert not answers
    assert reasons
    known = read_kept(kept) | answers
    assert known[_CLEAN.pinned].days == 3
    assert not advisories.unanswered([_CLEAN], known)


def test_a_skipped_package_counts_as_not_answered() -> None:
    """pip-audit calls a run without any answer free of vulnerabilities."""
    report = {
        "dependencies": [
            {"name": "idna", "skip_reason": "Dependency not found and could not be audited: idna"},
            {"name": "pillow", "version": "13.0.0", "vulns": []},
        ],
        "fixes": [],
    }
    answers = answers_in(report, datetime.now(UTC))
    assert answers.keys() == {"pillow==13.0.0"}
    (finding,) = advisories.unanswered([_CLEAN, _DECODER], answers)
    assert "1 parts: idna==3.20" in finding.text


def test_old_answers_are_a_finding() -> None:
    then = datetime.now(UTC) - timedelta(days=advisories.DATA_DAYS_MAX + 1)
    (finding,) = advisories.unanswered([_CLEAN], {_CLEAN.pinned: Answer(then, ())})
    assert "older than 30 days" in finding.text


@pytest.mark.parametrize("text", ["", "[]", '{"idna==3.20": 1}', '{"idna==3.20": {}}', "{"])
def test_a_broken_file_of_answers_is_like_none(text: str, tmp_path: Path) -> None:
    file = tmp_path / "advisories.json"
    file.write_text(text)
    assert read_kept(file) == {}
