"""The Markdown documents of the tree, taken apart: prose, headings, links, code and commands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.architecture.source_tree import files_of_the_tree, text_of

# Commands write these pages; their rows quote what programs said.
WRITTEN_BY_COMMANDS = {
    Path("docs/measurements/operator-mistakes.md"),
    Path("docs/measurements/operator-mistakes-before.md"),
    Path("docs/measurements/promotions.md"),
    Path("docs/measurements/careful-upkeep.md"),
}

_FENCE = re.compile(r"^(\s*)```(\w*)\n(.*?)^\1```\s*$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?:(?: {4}|\t).*\n)+")
_TABLE_ROW = re.compile(r"^\s*\|.*$", re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
_CODE_SPAN = re.compile(r"``(.+?)``|`([^`]+)`")
_ITEM = re.compile(r"^\s*(?:[*-]|\d+\.) ", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?])[)\"*]*\s+")


@cache
def documents() -> tuple[Path, ...]:
    """Every Markdown file of the tree."""
    return tuple(path for path in files_of_the_tree() if path.suffix == ".md")


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown file."""

    path: Path

    @property
    def text(self) -> str:
        """All of it."""
        return text_of(self.path)

    def without_blocks(self) -> str:
        """The text without blocks of code, fenced or indented."""
        return _INDENTED.sub("\n", _FENCE.sub("\n", self.text))

    def sentences(self) -> Iterator[str]:
        """The sentences of its prose: no tables, headings or blocks of code."""
        prose = _HEADING.sub("\n", _TABLE_ROW.sub("\n", self.without_blocks()))
        prose = _LINK.sub(r"\1", prose)
        # Code counts as one word, whatever is in it.
        prose = _CODE_SPAN.sub("code", prose)
        for paragraph in re.split(r"\n\s*\n", _ITEM.sub("\n\n", prose)):
            for sentence in _SENTENCE_END.split(" ".join(paragraph.split())):
                if sentence.strip():
                    yield sentence.strip()

    def headings(self) -> list[str]:
        """The headings, without their marks."""
        return [heading for _marks, heading in _HEADING.findall(_FENCE.sub("\n", self.text))]

    def links(self) -> list[str]:
        """The targets of its links."""
        return [target for _text, target in _LINK.findall(self.without_blocks())]

    def code_spans(self) -> list[str]:
        """What stands between single or double backticks, outside of blocks."""
        spans = _CODE_SPAN.findall(self.without_blocks())
        return [" ".join((two or one).split()) for two, one in spans]

    def shell_lines(self) -> list[str]:
        """Each command of its shell blocks and indented blocks: continued lines are joined."""
        blocks = [body for _indent, kind, body in _FENCE.findall(self.text) if kind == "sh"]
        blocks += _INDENTED.findall(_FENCE.sub("\n", self.text))
        return [command for block in blocks for command in _commands(block)]

    def blocks(self) -> list[str]:
        """The bodies of all its fenced blocks."""
        return [body for _indent, _kind, body in _FENCE.findall(self.text)]


def words_in(text: str) -> int:
    """How many words a reader sees: tokens with a letter or a digit."""
    return sum(1 for token in text.split() if re.search(r"\w", token))


def anchor_of(heading: str) -> str:
    """The anchor that a forge makes of a heading."""
    plain = _LINK.sub(r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def _commands(block: str) -> Iterator[str]:
    joined = re.sub(r"\\\n\s*|(?<=\|)\n\s*", " ", block)
    for line in joined.splitlines():
        command = re.sub(r"\s+#\s.*$", "", line.strip())
        if command and not command.startswith("#"):
            yield " ".join(command.split())
