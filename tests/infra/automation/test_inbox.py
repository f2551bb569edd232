"""Only known words get through the folder of requests, and only from plain files."""

import json
import os
import time
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from socket import AF_UNIX, socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


_NAME = "add_replica.feed.json"
_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
_REQUEST_LIKE = st.fixed_dictionaries(
    dict.fromkeys(("at", "alert", "verb", "target"), _ANY_JSON)
    | {"at": _ANY_JSON | st.sampled_from([10**400, -(10**400), float("inf"), float("nan")])}
)


def _encoded(document: object) -> bytes:
    return json.dumps(document).encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.one_of(_ANY_JSON, _REQUEST_LIKE).map(_encoded))
def test_no_content_of_a_file_stops_its_reader(tmp_path: Path, content: bytes) -> None:
    (tmp_path / _NAME).write_bytes(content)
    assert Inbox(tmp_path).waiting() == []
    assert not (tmp_path / _NAME).exists()


def _socket(path: Path) -> None:
    with socket(AF_UNIX) as listener, chdir(path.parent):
        listener.bind(path.name)


@pytest.mark.parametrize(
    ("make", "goes"),
    [
        (Path.mkdir, True),
        (lambda path: (path / "full").mkdir(parents=True), False),
        (os.mkfifo, True),
        (_socket, True),
        (lambda path: path.symlink_to(path), True),
        (lambda path: path.symlink_to(path.parent), True),
        (lambda path: path.symlink_to("/dev/zero"), True),
    ],
    ids=["folder", "full folder", "pipe", "socket", "loop", "link to a folder", "link to a device"],
)
def test_no_kind_of_file_stops_its_reader(
    tmp_path: Path, make: Callable[[Path], None], goes: bool
) -> None:
    make(tmp_path / _NAME)
    before = len(list(Path("/proc/self/fd").iterdir()))
    inbox = Inbox(tmp_path)
    for _look in range(20):
        assert inbox.waiting() == []
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert (tmp_path / _NAME).is_dir() != goes
    inbox.drop(Request(0, "Busy", "add_replica", "feed"))


def test_a_flood_of_files_is_looked_at_in_parts(tmp_path: Path) -> None:
    for number in range(10 * WAITING_MAX):
        (tmp_path / f"{number}.json").touch()
    Inbox(tmp_path).waiting()
    left = len(list(tmp_path.iterdir()))
    assert 0 < left < 10 * WAITING_MAX
