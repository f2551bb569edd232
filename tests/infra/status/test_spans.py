"""The spans of a trace become one tree below the balancer's line."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.status.spans import balancer_spans, orphans, spans_in, tree_of
from infra.status.trace_drawing import lines_of_tree, page_of_tree

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def _span(
    process: str, name: str, span: int, parent: int | None, times: tuple[int, int], kind: str
) -> str:
    at = "2026-01-01T00:00:00.{:03d}000Z"
    return json.dumps(
        {
            "name": name,
            "context": {"trace_id": f"0x{TRACE}", "span_id": f"0x{span:016x}"},
            "kind": f"SpanKind.{kind}",
            "parent_id": None if parent is None else f"0x{parent:016x}",
            "start_time": at.format(times[0]),
            "end_time": at.format(times[1]),
            "status": {"status_code": "UNSET"},
            "attributes": {},
            "links": [{"context": {"trace_id": "0x" + "f" * 32}}],
            "resource": {"attributes": {"service.instance.id": process}},
        }
    )


def _folder(root: Path) -> Path:
    folder = root / "traces"
    spans = {
        "gateway/gateway-1.jsonl": [
            _span("gateway-1", "GET /v1/x", 1, None, (101, 190), "SERVER"),
            _span("gateway-1", "feed GET <x>", 2, 1, (110, 180), "CLIENT"),
            "{ a line that a killed process did not end",
        ],
        "feed/feed-1.jsonl.1": [_span("feed-1", "GET /x", 3, 2, (120, 170), "SERVER")],
        "feed-worker/feed-worker-1.jsonl": [
            _span("feed-worker-1", "job fan_out", 4, 3, (200, 300), "CONSUMER")
        ],
        "users/users-1.jsonl": [_span("users-1", "lost", 5, 99, (150, 160), "SERVER")],
    }
    for name, lines in spans.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _balancer(root: Path) -> Path:
    said = {
        "ts": "2026-01-01T00:00:00.192Z",
        "instance": "nginx-1",
        "event": "request",
        "request_id": TRACE,
        "method": "GET",
        "path": "/v1/x",
        "status": 200,
        "seconds": 0.092,
        "upstream": "127.0.0.1:8000",
    }
    (root / "nginx-1.log").write_text(json.dumps(said) + "\n", encoding="utf-8")
    return root


def test_all_spans_hang_below_the_balancer_but_those_without_a_parent(tmp_path: Path) -> None:
    spans = spans_in(_folder(tmp_path), TRACE)
    balancer, lost = tree_of(spans, balancer_spans(_balancer(tmp_path), TRACE))
    assert [(depth, span.process) for depth, span in balancer.all()] == [
        (0, "nginx-1"),
        (1, "gateway-1"),
        (2, "gateway-1"),
        (3, "feed-1"),
        (4, "feed-worker-1"),
    ]
    assert lost.process == "users-1"
    assert [span.name for span in orphans(spans)] == ["lost"]


def test_a_trace_that_only_links_to_this_one_is_left_out(tmp_path: Path) -> None:
    assert spans_in(_folder(tmp_path), "f" * 32) == []


def test_the_drawings_name_every_span(tmp_path: Path) -> None:
    roots = tree_of(spans_in(_folder(tmp_path), TRACE), balancer_spans(_balancer(tmp_path), TRACE))
    lines = list(lines_of_tree(roots))
    assert len(lines) == 6
    assert "100.0 ms  feed-worker-1" in lines[-2] + lines[-1]
    page = page_of_tree(TRACE, "2026-01-01 00:00:00", roots)
    assert page.count('class="row"') == 6
    assert "feed GET &lt;x&gt;" in page
    assert "http:" not in page.replace("http.", "")
    assert "https:" not in page


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
WELL = json.loads(_span("feed-1", "GET /x", 3, None, (120, 170), "SERVER"))
FIELDS = st.sampled_from(
    [*WELL, "context.trace_id", "context.span_id", "attributes.db.system.name"]
)


def _changed(field: str, value: Any) -> dict[str, Any]:
    """Return a well span with another value in one field, or without it."""
    said: dict[str, Any] = json.loads(json.dumps(WELL))
    outer, _, inner = field.partition(".")
    owner, key = (said[outer], inner) if inner else (said, outer)
    if value is None:
        owner.pop(key, None)
    else:
        owner[key] = value
    return said


@given(field=FIELDS, value=JSON)
def test_no_line_of_a_service_stops_the_drawing(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: Any
) -> None:
    folder = tmp_path_factory.getbasetemp() / "traces"
    (folder / "feed").mkdir(parents=True, exist_ok=True)
    (folder / "users").mkdir(exist_ok=True)
    lines = [
        json.dumps(_changed(field, value)),
        json.dumps([TRACE]),
        json.dumps(TRACE),
        "[" * 99_999,
    ]
    text = "\n".join(f"{line} {TRACE}" if line[0] == "[" else line for line in lines)
    (folder / "feed" / "feed-1.jsonl").write_text(text, encoding="utf-8")
    (folder / "users" / "users-1.jsonl").write_text(
        _span("users-1", "GET /users", 8, None, (101, 190), "SERVER"), encoding="utf-8"
    )
    roots = tree_of(spans_in(folder, TRACE), [])
    assert "GET /users" in "".join(lines_of_tree(roots))
    assert all(line.isprintable() for line in lines_of_tree(roots))
    assert page_of_tree(TRACE, "2026-01-01 00:00:00", roots)


@pytest.mark.parametrize("line", ["{", "{}", "[]", '{"request_id": "REQUEST", "event": "request"}'])
def test_no_line_of_a_balancer_stops_the_drawing(tmp_path: Path, line: str) -> None:
    log = _balancer(tmp_path) / "nginx-1.log"
    with log.open("a", encoding="utf-8") as file:
        file.write(line.replace("REQUEST", TRACE) + f"{TRACE}\n" + line.replace("REQUEST", TRACE))
    assert len(balancer_spans(tmp_path, TRACE)) == 1


def test_a_service_speaks_for_its_own_processes_only(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    forged = _span("gateway-1", "GET /v1/forged", 77, None, (101, 190), "SERVER")
    (folder / "feed" / "gateway-1.jsonl").write_text(forged, encoding="utf-8")
    (folder / "feed" / "feed-2.jsonl").write_text(forged, encoding="utf-8")
    found = [span.process for span in spans_in(folder, TRACE) if span.name == "GET /v1/forged"]
    assert found == ["feed-2"]


def test_a_chain_and_a_ring_of_spans_are_drawn_or_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "traces" / "feed"
    folder.mkdir(parents=True)
    chain = [_span("feed-1", "x", n, n - 1 or None, (101, 190), "CLIENT") for n in range(1, 3001)]
    ring = [
        _span("feed-1", "x", own, parent, (101, 190), "CLIENT")
        for own, parent in ((9000, 9001), (9001, 9000), (9002, 9002))
    ]
    (folder / "feed-1.jsonl").write_text("\n".join(chain + ring), encoding="utf-8")
    roots = tree_of(spans_in(tmp_path / "traces", TRACE), [])
    assert len(list(lines_of_tree(roots))) == 3000
