"""The ledger is written completely or not at all; a broken one is reported with its line."""

from pathlib import Path

import pytest

from infra.control.failures import SuiteFailure
from infra.holdings.ledger import (
    keep_section,
    new_ledger,
    newest,
    read_ledger,
    write_ledger,
)
from infra.holdings.positions import parse_position, position_text, ranges_of, ranges_text
from tests.infra.holdings.described import whole_ledger


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "ledger.json"
    assert read_ledger(file) is None
    written = write_ledger(file, whole_ledger())
    assert read_ledger(file) == written
    assert file.stat().st_mode & 0o777 == 0o600


def test_each_writing_is_newer_than_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "ledger.json"
    first = write_ledger(file, new_ledger("127.20"))
    second = write_ledger(file, first)
    assert newest([second, first]) == second


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{\n "suite": "a",\n', "line 3"),
        ("[]", "line 1"),
        ('{"suite": "a"}', "network"),
        ('{"suite": "a", "network": "127.20", "format": 99}', "newer code"),
        ('{"suite": "a", "network": "127.20", "sequence": "many"}', "sequence"),
    ],
)
def test_a_broken_ledger_is_a_sentence(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "ledger.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SuiteFailure, match=says):
        read_ledger(file)


def test_fingerprints_tell_whether_a_secret_is_the_same_and_no_more() -> None:
    ledger = whole_ledger()
    assert ledger.fingerprint("secret") == ledger.fingerprint("secret")
    assert ledger.fingerprint("secret") != ledger.fingerprint("secret2")
    assert ledger.fingerprint("secret") != whole_ledger(suite="other").fingerprint("secret")


def test_positions_are_written_as_postgres_does() -> None:
    assert parse_position("2/A3000148") == (2 << 32) + 0xA3000148
    assert position_text(parse_position("2/A3000148")) == "2/A3000148"
    with pytest.raises(ValueError, match="no position"):
        parse_position("none")


def test_ranges_draw_runs_together() -> None:
    assert ranges_of([1, 2, 3, 7]) == [(1, 3), (7, 7)]
    assert ranges_text([1, 2, 3, 7]) == "1 to 3, 7"
    assert ranges_text([]) == "none"


def test_what_others_keep_in_it_is_not_lost_by_a_start_that_began_before(tmp_path: Path) -> None:
    file = tmp_path / "ledger.json"
    begun = write_ledger(file, whole_ledger())
    keep_section(file, "backups", {"newest": "today"})
    written = write_ledger(file, begun)
    assert written.sections == {"backups": {"newest": "today"}}
    assert written.sequence > begun.sequence + 1


def test_nothing_is_kept_in_a_ledger_that_is_lost(tmp_path: Path) -> None:
    with pytest.raises(SuiteFailure, match="is missing"):
        keep_section(tmp_path / "ledger.json", "backups", {})
