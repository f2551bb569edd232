"""What is opaque to clients and comes back changed is their fault, and shows nobody else's things.

The lists are those of the documents: one that is added tomorrow is tried too.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.contract.documents import DOCUMENTS
from tests.contract.doors import Door, open_door
from tests.contract.test_documents import EXAMPLES, IS_LONG
from tests.strange_values import ANY_CURSOR
from tests.suite import Suite

EXAMPLES_IN_TESTS = 40
# Text in the place of an id, or of anything else in a path.
STRANGE_PARTS = st.one_of(
    st.sampled_from(
        ["0", "-1", "1" * 19, "9" * 19, "1" * 20, "1" * 400, "1.0", "true", "null", "%00", "\0"]
    ),
    st.sampled_from(["..", "../users", "a b", "é", "٣", "1\r\nX: y", "'", '"', "%", "%ff", "1;2"]),
    st.integers(-(2**70), 2**70).map(str),
    st.text(min_size=1, max_size=40),
)


@dataclass(frozen=True)
class List:
    """A route with pages."""

    service: str
    path: str


def _lists() -> list[List]:
    return [
        List(service, path)
        for service, document in DOCUMENTS.items()
        for path, methods in document["paths"].items()
        for parameter in methods.get("get", {}).get("parameters", ())
        if (parameter["in"], parameter["name"]) == ("query", "cursor")
    ]


LISTS = _lists()


@pytest.fixture(scope="module")
def doors(suite: Suite) -> dict[str, Door]:
    return {service: open_door(suite, service) for service in DOCUMENTS}


def _send(
    door: Door,
    method: str,
    path: str,
    query: dict[str, Any] | None = None,
    headers: dict[str, str | bytes] | None = None,
) -> requests.Response:
    if door.signer is not None:
        bearer = door.signer.token(int(door.viewer["user"]["id"]))
    else:
        bearer = door.viewer["session"]["access_token"]
    ask = partial(
        door.session.request,
        method,
        door.base_url + path,
        params=query,
        headers={"Authorization": f"Bearer {bearer}", **(headers or {})},
        data=b"x" if method in {"post", "patch"} else None,
        timeout=40,
        verify=door.verify,
        allow_redirects=False,
    )
    try:
        return ask()
    except requests.ConnectionError:
        # A kept connection may be closed just when it is used again (RFC 9112, 9.3.1): after a
        # refusal that leaves a body unread, it is. Once more, then, on a new one.
        return ask()


def _filled(door: Door, path: str) -> str:
    for name, value in door.known.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def _ids(reply: requests.Response) -> set[str]:
    """Of whatever a page is made of: people, posts, or ids alone."""
    page = reply.json()
    named = (item.get("id", item) if isinstance(item, dict) else item for item in _items(page))
    return {str(one) for one in named}


def _items(page: dict[str, Any]) -> list[Any]:
    return list(page["items"] if "items" in page else page["ids"])


def test_the_lists_of_all_services_are_found() -> None:
    assert len([one for one in LISTS if one.service == "gateway"]) >= 15
    assert {one.service for one in LISTS} >= {"gateway", "users", "feed"}


def _cases() -> list[Any]:
    orders = {"/v1/timelines/home", "/timelines/home"}
    return [
        pytest.param(one, query, id=f"{one.service} {one.path} {query}".replace("/", "|"))
        for one in LISTS
        for query in ([{}, {"order": "ranked"}] if one.path in orders else [{}])
    ]


@pytest.mark.parametrize(("one", "query"), _cases())
def test_a_cursor_that_was_made_up_is_refused_or_shows_what_the_list_has(
    doors: dict[str, Door], one: List, query: dict[str, str]
) -> None:
    door = doors[one.service]
    path = _filled(door, one.path)
    asked = {**query, "q": "a"} if one.path.endswith("/search") else query
    first = _send(door, "get", path, asked)
    assert first.status_code in {200, 404}, first.text

    @settings(
        max_examples=EXAMPLES or EXAMPLES_IN_TESTS,
        deadline=None,
        derandomize=not IS_LONG,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(ANY_CURSOR)
    @example("WzkyMjMzNzIwMzY4NTQ3NzU4MDhd")  # [2**63]
    @example("WyJcdTAwMDAiLDFd")  # ["\0", 1]
    @example("7fffffffffffffff.7fffffffffffffff")
    def ask(cursor: str) -> None:
        reply = _send(door, "get", path, {**asked, "cursor": cursor})
        assert reply.status_code in {200, 404, 422}, (cursor, reply.text)
        if reply.status_code == 422:
            assert [error["field"] for error in reply.json()["errors"]] == ["cursor"]
        # An export is of one account's documents one after the other: its first page has but one.
        if reply.status_code == 200 and not path.endswith("/export"):
            assert _ids(reply) <= _ids(_send(door, "get", path, asked)), cursor

    ask()


def _in_paths() -> list[Any]:
    return [
        pytest.param(service, path, method, id=f"{service} {method} {path}".replace("/", "|"))
        for service, document in DOCUMENTS.items()
        for path, methods in document["paths"].items()
        for method in sorted(methods.keys() & {"get", "head", "delete"})
        if "{" in path
    ]


@pytest.mark.parametrize(("service", "path", "method"), _in_paths())
def test_what_no_id_can_be_is_not_there(
    doors: dict[str, Door], service: str, path: str, method: str
) -> None:
    door = doors[service]

    @settings(
        max_examples=EXAMPLES or EXAMPLES_IN_TESTS // 2,
        deadline=None,
        derandomize=not IS_LONG,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(STRANGE_PARTS)
    def ask(part: str) -> None:
        begin, _, rest = path.partition("{")
        spelled = quote(part, safe="")
        asked = _filled(door, begin + spelled + rest.partition("}")[2])
        reply = _send(door, method, asked)
        assert reply.status_code < 500, (asked, reply.text)

    ask()


_TUS = {"Tus-Resumable": "1.0.0"}
_OFFSET = {"Content-Type": "application/offset+octet-stream"}
_PART = {"Upload-Complete": "?0"}
_PARTIAL = {"Content-Type": "application/partial-upload"}
# The header that is tried, and the request that it is part of.
HEADERS: list[tuple[str, str, str, dict[str, str]]] = [
    ("Idempotency-Key", "post", "/v1/photos", {"Content-Type": "image/jpeg"}),
    ("Repr-Digest", "post", "/v1/photos", {"Content-Type": "image/jpeg"}),
    ("Content-Type", "post", "/v1/photos", {}),
    ("Content-Type", "post", "/v1/posts", {}),
    ("Content-Type", "post", "/v1/uploads", {**_TUS, "Upload-Length": "9"}),
    ("Upload-Length", "post", "/v1/uploads", _TUS),
    ("Upload-Metadata", "post", "/v1/uploads", {**_TUS, "Upload-Length": "9"}),
    ("Upload-Checksum", "post", "/v1/uploads", {**_TUS, **_OFFSET, "Upload-Length": "9"}),
    ("Tus-Resumable", "post", "/v1/uploads", {"Upload-Length": "9"}),
    ("Upload-Offset", "patch", "/v1/uploads/1", {**_TUS, **_OFFSET}),
    ("Upload-Checksum", "patch", "/v1/uploads/1", {**_TUS, **_OFFSET, "Upload-Offset": "0"}),
    ("Upload-Draft-Interop-Version", "post", "/v1/uploads", {"Upload-Length": "9"}),
    ("Upload-Complete", "post", "/v1/uploads", {"Upload-Length": "9"}),
    ("Upload-Length", "post", "/v1/uploads", _PART),
    ("Upload-Offset", "patch", "/v1/uploads/1", {**_PART, **_PARTIAL}),
    ("Content-Digest", "patch", "/v1/uploads/1", {**_PART, **_PARTIAL, "Upload-Offset": "0"}),
    ("If-None-Match", "get", "/v1/timelines/home", {}),
    ("If-None-Match", "get", "/v1/me", {}),
    ("Range", "get", "/v1/timelines/home", {}),
    ("Range", "get", "/v1/filters", {}),
    ("Accept-Encoding", "get", "/v1/me", {}),
]
_WORDS = (
    b"0",
    b"-1",
    b"1e3",
    b"9" * 12,
    b"9" * 4_000,
    b"\xb2",
    b"\xd9\xa3",
    b'W/"',
    b"*, *",
    b"bytes=0-",
    b"bytes=9-1,-0,99999999999999999999-",
    b"multipart/form-data; boundary=" + b"x" * 257,
    b'multipart/form-data; boundary="',
    b"application/json; charset=nonsense",
    b"sha1 ",
    b"sha256 " + b"A" * 400,
    b"sha-256=:::",
    b"name " + b"=" * 10,
    b"a b,c d,,",
)
# What a header may hold at all: the rest ends at nginx.
_RAW = st.binary(max_size=60).map(lambda raw: bytes(byte for byte in raw if byte >= 0x20) or b"0")


@pytest.mark.parametrize(
    ("name", "method", "path", "others"), HEADERS, ids=[f"{h[0]} of {h[1]}" for h in HEADERS]
)
def test_whatever_a_header_says_it_is_not_our_fault(
    doors: dict[str, Door], name: str, method: str, path: str, others: dict[str, str]
) -> None:
    @settings(
        max_examples=EXAMPLES or EXAMPLES_IN_TESTS,
        deadline=None,
        derandomize=not IS_LONG,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(st.sampled_from(_WORDS), _RAW))
    def ask(value: bytes) -> None:
        headers: dict[str, str | bytes] = {**others, name: value.strip() or b"0"}
        reply = _send(doors["gateway"], method, path, headers=headers)
        assert reply.status_code < 500, (value, reply.text)

    ask()


@pytest.mark.parametrize("last_id", ["", "1", "-", "9" * 64, "9" * 31 + "-0", "²-0", "1-1-1"])
def test_a_stream_begins_whatever_the_last_event_was_said_to_be(
    doors: dict[str, Door], last_id: str
) -> None:
    door = doors["gateway"]
    bearer = door.viewer["session"]["access_token"]
    reply = door.session.get(
        f"{door.base_url}/v1/stream",
        headers={"Authorization": f"Bearer {bearer}", "Last-Event-ID": last_id.encode()},
        timeout=40,
        stream=True,
    )
    assert reply.status_code == 200
    reply.close()
