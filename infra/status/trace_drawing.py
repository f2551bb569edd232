"""Draws the spans of a trace: as a tree in the terminal, and as a page with bars."""

import html
from collections.abc import Iterator

from infra.foreign_files import printable
from infra.status.spans import Span

_BAR_CHARACTERS = 28
_NAME_CHARACTERS = 58
_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trace {trace_id}</title>
<style>
:root {{ color-scheme: light dark; --line: #8884; --bar: #3b78c4; --bad: #c43b3b; }}
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; }}
h1 {{ font-size: 1.1rem; }} code {{ font-size: .95em; }}
.row {{ display: grid; grid-template-columns: minmax(14rem, 38%) 1fr 5.5rem; gap: .5rem;
  border-bottom: 1px solid var(--line); padding: .15rem 0; align-items: center; }}
.row:hover {{ background: #8882; }}
.name {{ overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }}
.process {{ color: #888; }}
.lane {{ position: relative; height: 1rem; }}
.bar {{ position: absolute; top: .1rem; bottom: .1rem; min-width: 2px; border-radius: 2px;
  background: var(--bar); }}
.sql {{ background: #5a9a4a; }} .redis {{ background: #c48a3b; }} .job {{ background: #8a5ac4; }}
.bad {{ background: var(--bad); }} .fault {{ color: var(--bad); }}
.ms {{ text-align: right; font-variant-numeric: tabular-nums; }}
</style></head><body>
<h1>{title}</h1>
<p><code>{trace_id}</code> · {began} UTC · {total:.1f} ms · {count} spans ·
<span style="color:var(--bar)">■</span> request or call ·
<span style="color:#5a9a4a">■</span> statement · <span style="color:#c48a3b">■</span> Redis ·
<span style="color:#8a5ac4">■</span> job or delivery ·
<span style="color:var(--bad)">■</span> failed</p>
{rows}
</body></html>
"""


def lines_of_tree(roots: list[Span]) -> Iterator[str]:
    """Yield a line per span: when it began, how long it took, where, what, and a bar."""
    began_ms, total_ms = _extent(roots)
    for root in roots:
        for depth, span in root.all():
            name = f"{'  ' * depth}{printable(span.name)}"[:_NAME_CHARACTERS]
            process = printable(span.process)
            at_ms = span.began_ms - began_ms
            bar = _bar(at_ms / total_ms, span.ms / total_ms)
            fault = f"  FAILED: {printable(span.fault)}" if span.fault else ""
            yield (
                f"{at_ms:>9.1f} {span.ms:>8.1f} ms  {process:<15} {name:<{_NAME_CHARACTERS}}"
                f" |{bar}|{fault}"
            )


def page_of_tree(trace_id: str, began: str, roots: list[Span]) -> str:
    """Return a page of HTML that needs no other file."""
    began_ms, total_ms = _extent(roots)
    spans = [pair for root in roots for pair in root.all()]
    return _PAGE.format(
        trace_id=html.escape(trace_id),
        title=html.escape(f"{roots[0].process}: {roots[0].name}"),
        began=began,
        total=total_ms,
        count=len(spans),
        rows="\n".join(_row(depth, span, began_ms, total_ms) for depth, span in spans),
    )


def _row(depth: int, span: Span, began_ms: float, total_ms: float) -> str:
    left = 100 * (span.began_ms - began_ms) / total_ms
    width = 100 * span.ms / total_ms
    facts = "\n".join(f"{name}: {value}" for name, value in span.facts.items())
    fault = f' <span class="fault">{html.escape(span.fault)}</span>' if span.fault else ""
    return (
        f'<div class="row" title="{html.escape(facts, quote=True)}">'
        f'<div class="name" style="padding-left:{depth * 1.1:.1f}rem">'
        f'<span class="process">{html.escape(span.process)}</span> {html.escape(span.name)}{fault}'
        f'</div><div class="lane"><div class="bar {_colour(span)}"'
        f' style="left:{left:.2f}%;width:{width:.2f}%"></div></div>'
        f'<div class="ms">{span.ms:.1f} ms</div></div>'
    )


def _colour(span: Span) -> str:
    if span.fault:
        return "bad"
    if span.name.startswith(("job ", "deliver ")):
        return "job"
    return {"postgresql": "sql", "redis": "redis"}.get(span.facts.get("db.system.name", ""), "")


def _extent(roots: list[Span]) -> tuple[float, float]:
    spans = [span for root in roots for _depth, span in root.all()]
    began_ms = min(span.began_ms for span in spans)
    return began_ms, max(max(span.ended_ms for span in spans) - began_ms, 0.001)


def _bar(at: float, share: float) -> str:
    start = min(int(at * _BAR_CHARACTERS), _BAR_CHARACTERS - 1)
    length = max(1, min(round(share * _BAR_CHARACTERS), _BAR_CHARACTERS - start))
    return f"{' ' * start}{'█' * length}".ljust(_BAR_CHARACTERS)
