"""Files of other accounts can be of any kind, size and text, and stop no reader."""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.foreign_files import foreign_lines, open_foreign, printable


def _target(file: Path) -> Path:
    target = file.with_name("secret of another account")
    target.write_text("secret\n", encoding="utf-8")
    return target


TRAPS: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a link to a file": lambda file: file.symlink_to(_target(file)),
    "a link to zeros without end": lambda file: file.symlink_to("/dev/zero"),
    "a link to nothing": lambda file: file.symlink_to(file.with_name("nothing")),
    "a link to itself": lambda file: file.symlink_to(file),
    "a folder": Path.mkdir,
    "nothing": lambda _file: None,
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_is_no_file_has_no_lines(tmp_path: Path, trap: str) -> None:
    file = tmp_path / "feed-1.jsonl"
    TRAPS[trap](file)
    assert list(foreign_lines(file)) == []
    with pytest.raises(OSError):  # noqa: PT011 - of which kind is the system's affair
        open_foreign(file)


@given(lines=st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b""))))
def test_lines_are_cut_and_none_is_lost(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    file = tmp_path_factory.getbasetemp() / "lines.log"
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    read = list(foreign_lines(file, line_bytes_max=8))
    assert read == [(line + b"\n")[:8].decode("utf-8", "replace") for line in lines]


def test_a_file_of_holes_ends(tmp_path: Path) -> None:
    file = tmp_path / "feed-1.jsonl"
    with file.open("wb") as handle:
        handle.truncate(2**42)
    read = list(foreign_lines(file, line_bytes_max=1024, file_bytes_max=65_536))
    assert [len(line) for line in read] == [1024]


@given(text=st.text())
def test_no_text_steers_a_terminal(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not [one for one in shown if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert all(one == was for one, was in zip(shown, text, strict=True) if was.isprintable())


def test_an_escape_is_shown_as_odd() -> None:
    assert printable("GET \x1b]0;x\x07\t\u202e/v1") == "GET \ufffd]0;x\ufffd \ufffd/v1"
