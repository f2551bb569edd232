"""The spans of a trace become one tree below the balancer's line."""

import json
from pathlib import Path

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
