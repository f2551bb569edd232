"""The folder of kept messages is bounded, and shows what arrived."""

import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from infra.mail.kept import KeptMessages


def _message(subject: str) -> bytes:
    message = EmailMessage()
    message["To"] = "alice@mail.example"
    message["Subject"] = subject
    message["Message-ID"] = f"<{subject}@localhost>"
    message.set_content("Fog over the harbour, and naïve café.")
    return message.as_bytes()


def _kept(folder: Path, messages_max: int = 5) -> KeptMessages:
    return KeptMessages(folder, keep_days=7, messages_max=messages_max)


def test_messages_are_listed_from_the_newest(tmp_path: Path) -> None:
    kept = _kept(tmp_path)
    for subject in ("one", "two", "three"):
        kept.put(_message(subject))
    assert [each.subject for each in kept.latest(2)] == ["three", "two"]
    assert [each.message_id for each in kept.latest(1)] == ["<three@localhost>"]


def test_another_process_finds_what_was_kept(tmp_path: Path) -> None:
    id_ = _kept(tmp_path).put(_message("one"))
    found = _kept(tmp_path).find(id_)
    assert found is not None
    assert (_kept(tmp_path).count, found["Subject"]) == (1, "one")
    body = found.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Fog over the harbour, and naïve café."


def test_beyond_the_limit_the_oldest_go(tmp_path: Path) -> None:
    kept = _kept(tmp_path, messages_max=3)
    for number in range(8):
        kept.put(_message(str(number)))
    assert [each.subject for each in kept.latest(100)] == ["7", "6", "5"]
    assert kept.count == 3


def test_old_messages_go(tmp_path: Path) -> None:
    kept = _kept(tmp_path)
    id_ = kept.put(_message("old"))
    week_ago_ns = time.time_ns() - 8 * 86_400 * 1_000_000_000
    (tmp_path / f"{id_}.eml").rename(tmp_path / f"{week_ago_ns:020d}-00000000.eml")
    kept.put(_message("new"))
    kept.drop_old()
    assert [each.subject for each in kept.latest(100)] == ["new"]


@pytest.mark.parametrize("id_", ["", "../secrets", "0" * 300, "x", "..", "/etc/passwd", "0-0"])
def test_an_id_is_no_path(tmp_path: Path, id_: str) -> None:
    assert _kept(tmp_path).find(id_) is None


def test_a_draft_is_no_message(tmp_path: Path) -> None:
    (tmp_path / "00000000000000000001-00000000.draft").write_bytes(b"half")
    assert list(_kept(tmp_path).latest(10)) == []
