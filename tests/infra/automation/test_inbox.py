"""Only known words get through the folder of requests, and only from plain files."""

import json
import os
import time
from pathlib import Path

import pytest

from infra.automation.inbox import (
    LASTS_S,
    UNDONE_BY,
    VERBS,
    WAITING_MAX,
    Inbox,
    Request,
    request_of,
)


def labels(verb: str, **more: str) -> dict[str, str]:
    return {"alertname": "Busy", "reaction": verb, "job": "feed", "instance": "feed-1", **more}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_understood(verb: str, tmp_path: Path) -> None:
    request = request_of(labels(verb), is_firing=True)
    assert request is not None
    inbox = Inbox(tmp_path)
    assert inbox.put(request)
    assert inbox.waiting() == [request]
    inbox.drop(request)
    assert inbox.waiting() == []


def test_a_role_or_a_process_is_what_it_is_for() -> None:
    for verb, target in (
        ("add_replica", "feed"),
        ("restart_process", "feed-1"),
        ("renew_certificates", ""),
    ):
        request = request_of(labels(verb), is_firing=True)
        assert request is not None
        assert request.target == target
    named = request_of(labels("add_worker", target="upload-worker"), is_firing=True)
    assert named is not None
    assert named.target == "upload-worker"


def test_an_alert_that_is_over_undoes_what_has_an_end() -> None:
    for verb in VERBS:
        request = request_of(labels(verb), is_firing=False)
        assert (request and request.verb) == UNDONE_BY.get(verb)


def test_an_alert_for_people_asks_for_nothing() -> None:
    assert request_of({"alertname": "Busy", "job": "feed"}, is_firing=True) is None


@pytest.mark.parametrize(
    "wrong",
    [
        labels("delete_everything"),
        labels("add_replica", job="../../etc"),
        labels("add_replica", job="feed; rm -rf"),
        labels("add_replica", job=""),
        labels("add_replica", job="x" * 65),
        labels("restart_process", instance=""),
        {"reaction": "add_replica", "job": "feed"},
        labels("add_replica", alertname="two words"),
    ],
)
def test_other_words_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"reaction|target|name"):
        request_of(wrong, is_firing=True)


def test_the_same_request_waits_once_and_the_later_counts(tmp_path: Path) -> None:
    inbox, now = Inbox(tmp_path), time.time()
    for at in (now - 5, now - 1):
        inbox.put(Request(at, "Busy", "add_replica", "feed"))
    assert [request.at for request in inbox.waiting()] == [now - 1]


def test_requests_are_bounded(tmp_path: Path) -> None:
    inbox, now = Inbox(tmp_path), time.time()
    taken = [
        inbox.put(Request(now, "Busy", "add_replica", f"role-{number}"))
        for number in range(WAITING_MAX + 5)
    ]
    assert taken == [True] * WAITING_MAX + [False] * 5
    # What waits already may be asked again.
    assert inbox.put(Request(now, "Busy", "add_replica", "role-0"))


def test_what_waited_too_long_is_forgotten(tmp_path: Path) -> None:
    inbox, now = Inbox(tmp_path), time.time()
    for at, target in ((now - LASTS_S - 1, "users"), (now + 60, "feed"), (now, "upload")):
        inbox.put(Request(at, "Busy", "add_replica", target))
    assert [request.target for request in inbox.waiting()] == ["upload"]
    assert len(list(tmp_path.iterdir())) == 1


def test_only_plain_files_with_their_own_name_are_believed(tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    good = json.dumps({"at": time.time(), "alert": "A", "verb": "add_replica", "target": "feed"})
    (tmp_path / "secret").write_text(good, encoding="utf-8")
    (folder / "add_replica.feed.json").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe.json")
    (folder / "other.json").write_text(good, encoding="utf-8")
    (folder / "long.json").write_text(good + " " * 5000, encoding="utf-8")
    (folder / "deep.json").write_text("[" * 900, encoding="utf-8")
    assert Inbox(folder).waiting() == []
    assert (tmp_path / "secret").exists()


def test_without_a_folder_nothing_waits(tmp_path: Path) -> None:
    assert Inbox(tmp_path / "missing").waiting() == []
