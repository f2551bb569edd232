"""A finding fails the audit unless an explanation of its part names it and has not expired."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from infra.supply_chain.findings import (
    EXPLAINED_DAYS_MAX,
    Explanation,
    Finding,
    judge,
    read_explanations,
)

_TODAY = date(2026, 12, 1)
_BUG = Finding("pillow-simd", "12.1.1", ("PYSEC-2026-2253", "CVE-2026-54059"), "fixed in 12.3.0")


def _explained(
    until: date, part: str = "pillow-simd", name: str = "CVE-2026-54059"
) -> list[Explanation]:
    return [Explanation(part, frozenset({name}), "it reads no fonts", until)]


def test_any_name_of_an_advisory_explains_it() -> None:
    judged = judge([_BUG], _explained(_TODAY), _TODAY)
    assert not judged.open
    assert [finding for finding, _ in judged.explained] == [_BUG]
    assert not judged.idle


@pytest.mark.parametrize(
    "explanations",
    [[], _explained(_TODAY, part="pillow"), _explained(_TODAY, name="CVE-2026-59199")],
)
def test_what_no_explanation_names_is_open(explanations: list[Explanation]) -> None:
    assert judge([_BUG], explanations, _TODAY).open == [_BUG]


def test_an_expired_explanation_is_a_finding() -> None:
    (finding,) = judge([_BUG], _explained(_TODAY - timedelta(days=1)), _TODAY).open
    assert finding.part == "pillow-simd"
    assert "2026-11-30" in finding.text


def test_an_explanation_without_an_end_in_sight_is_a_finding() -> None:
    far = _TODAY + timedelta(days=EXPLAINED_DAYS_MAX + 1)
    judged = judge([_BUG], _explained(far), _TODAY)
    assert [finding.text for finding in judged.open] == [f"explained until {far}, which is far"]


def test_an_explanation_of_nothing_found_is_told() -> None:
    assert judge([], _explained(_TODAY), _TODAY).idle == [("pillow-simd", "CVE-2026-54059")]


@pytest.mark.parametrize(
    "row",
    [
        'part = "x"\nids = ["a"]\nreason = " "\nuntil = 2027-01-01',
        'part = "x"\nids = []\nreason = "why"\nuntil = 2027-01-01',
        'part = "x"\nids = ["a"]\nreason = "why"\nuntil = "2027-01-01"',
    ],
)
def test_an_explanation_needs_ids_a_reason_and_a_day(row: str, tmp_path: Path) -> None:
    file = tmp_path / "explained.toml"
    file.write_text(f"[[explained]]\n{row}\n")
    with pytest.raises(ValueError, match="needs"):
        read_explanations(file)
