"""The pages of docs/operations as HTML, with an address for each heading."""

import html
import re
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

_FOLDER = Path(__file__).resolve().parents[2] / "docs" / "operations"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/ops/files/ops.css">
</head>
<body>
<header><p><a href="/ops/">Back to how it is</a></p></header>
<main class="text">
{body}
</main>
</body>
</html>
"""
# As forges make addresses of headings.
_LEFT_OUT = re.compile(r"[^\w\- ]")


@cache
def find_page(name: str) -> str | None:
    """Return the page of a file's name, or None if there is no such file."""
    known = {file.name: file for file in _FOLDER.glob("*.md")}
    if name not in known:
        return None
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(known[name].read_text(encoding="utf-8"))
    title = name
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            text = tokens[place + 1].content
            title = text if token.tag == "h1" else title
            token.attrSet("id", _LEFT_OUT.sub("", text.lower()).replace(" ", "-"))
    body = reader.renderer.render(tokens, reader.options, {})
    return _PAGE.format(title=html.escape(title), body=body)
