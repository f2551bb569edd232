"""Rendered files are private and complete, and are only written when their content changes."""

from pathlib import Path

import jinja2
import pytest

from infra.accounts import account_for
from infra.rendering.files import render, write_rendered

OURS = account_for("supervisor")


def test_the_first_writing_is_a_change_and_the_same_again_is_none(tmp_path: Path) -> None:
    file = tmp_path / "some.conf"
    assert write_rendered(file, "port 1\n", OURS)
    assert not write_rendered(file, "port 1\n", OURS)
    assert write_rendered(file, "port 2\n", OURS)
    assert file.read_text(encoding="utf-8") == "port 2\n"


def test_only_its_account_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "some.conf"
    write_rendered(file, "password 1\n", OURS)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_template_that_misses_a_value_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("named.conf.j2", {})


def test_a_file_that_holds_no_text_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "some.conf"
    file.write_bytes(b"\xff\xfe\x00")
    assert write_rendered(file, "port 1\n", OURS)
    assert file.read_text(encoding="utf-8") == "port 1\n"
