"""The documents: short sentences, sizes, and nothing named that does not exist."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.documents import (
    WRITTEN_BY_COMMANDS,
    Document,
    anchor_of,
    documents,
    words_in,
)
from tests.architecture.source_tree import ROOT, files_of_the_tree, python_files, text_of

SENTENCE_WORDS_MAX = 25
ARCHITECTURE_BYTES_MAX = 10 * 1024
README_LINES_MAX = 100
SERVICE_README_LINES_MAX = 110
RECORD_WORDS = range(60, 201)
RECORD_SECTIONS = ["Context", "Decision", "Consequences", "Alternatives"]

ALL = pytest.mark.parametrize("path", documents(), ids=str)
DECISIONS = Path("docs/decisions")
RECORDS = [p for p in documents() if p.parent == DECISIONS and p.name != "README.md"]
# Their subject is a moment: measurements, records and releases.
DATED = ("docs/measurements/", "docs/decisions/", "CHANGELOG.md")
# What a service's own README may leave out of its paths.
SERVICE_PARTS = ("api", "actions", "domain", "store", "clients", "views", "migrations", "decoder")

_DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
_TOP = "services|shared|infra|tests|bench|prove|docs"
_FILE = re.compile(rf"^(?:{_TOP}|{'|'.join(SERVICE_PARTS)})(?:/[\w.*<>-]+)+/?$")
_BARE_FILE = re.compile(r"^[\w-]+\.(?:py|sql|toml|lua|j2)$")
_MAKE = re.compile(r"\bmake ([a-z][a-z-]*)((?: [A-Z_]+=(?:\"[^\"]*\"|\S+))*)")
_VARIABLE = re.compile(r"\b([A-Z_]+)=")
_ENVIRONMENT = re.compile(r"\b((?:RETRATO|GATEWAY|USERS|UPLOAD|FEED)_[A-Z_]+[A-Z])\b")
_METRIC = re.compile(r"\b(retrato_[a-z_]+[a-z])\b")


@ALL
def test_a_sentence_has_at_most_25_words(path: Path) -> None:
    if path in WRITTEN_BY_COMMANDS:
        pytest.skip("a command writes it")
    long = [s for s in Document(path).sentences() if words_in(s) > SENTENCE_WORDS_MAX]
    assert not long


@ALL
def test_a_link_leads_somewhere(path: Path) -> None:
    dead = [link for link in Document(path).links() if not _leads_somewhere(path, link)]
    assert not dead


def _leads_somewhere(path: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    file, _, anchor = link.partition("#")
    target = (ROOT / path.parent / file).resolve() if file else ROOT / path
    if not target.exists():
        return False
    if not anchor:
        return True
    headings = Document(target.relative_to(ROOT)).headings()
    return anchor in {anchor_of(heading) for heading in headings}


@ALL
def test_a_file_that_is_named_exists(path: Path) -> None:
    gone = [name for name in Document(path).code_spans() if not _is_there(path, name)]
    assert not gone


def _is_there(path: Path, name: str) -> bool:
    file = name.partition("::")[0]
    if _BARE_FILE.match(file):
        return any(known.name == file for known in files_of_the_tree())
    if not _FILE.match(file):
        return True
    # `<name>` stands for any service, `*` for anything.
    pattern = re.sub(r"<\w+>", "*", file.rstrip("/"))
    roots = [ROOT, *(ROOT / "services").iterdir()]
    if path.parts[0] == "services":
        roots = [ROOT, ROOT / path.parent]
    return any(any(root.glob(pattern)) for root in roots)


@cache
def _makefile() -> str:
    return text_of(Path("Makefile"))


@cache
def _code() -> str:
    suffixes = {".py", ".toml", ".j2", ".sql", ".lua", ""}
    return "\n".join(text_of(path) for path in files_of_the_tree() if path.suffix in suffixes)


def _code_of(path: Path) -> list[str]:
    document = Document(path)
    return [*document.code_spans(), *document.blocks(), *document.shell_lines()]


@ALL
def test_a_make_target_and_its_words_exist(path: Path) -> None:
    if path in WRITTEN_BY_COMMANDS:
        pytest.skip("a command writes it")
    targets = set(re.findall(r"^([a-z-]+):", _makefile(), re.MULTILINE))
    words = set(re.findall(r"\$\((?:or \$\()?([A-Z_]+)|\$\(if \$\(([A-Z_]+)", _makefile()))
    known = {word for pair in words for word in pair} - {""}
    wrong = [
        f"make {target}{said}"
        for text in _code_of(path)
        for target, said in _MAKE.findall(text)
        if target not in targets or not set(_VARIABLE.findall(said)) <= known
    ]
    assert not wrong


@ALL
def test_a_variable_and_a_metric_that_are_named_exist(path: Path) -> None:
    gone = [name for text in _code_of(path) for name in _unknown_names(text)]
    assert not gone


def _unknown_names(text: str) -> Iterator[str]:
    for name in _METRIC.findall(text):
        # A library adds the suffix of a counter's or a histogram's series by itself.
        if re.sub(r"_(total|count|sum|bucket)$", "", name) not in _code():
            yield name
    for name in _ENVIRONMENT.findall(text):
        prefix, _, rest = name.partition("_")
        if name not in _code() and (prefix == "RETRATO" or rest.lower() not in _code()):
            yield name


@ALL
def test_a_date_stands_only_where_the_subject_is_a_moment(path: Path) -> None:
    if str(path).startswith(DATED):
        pytest.skip("its subject is a moment")
    dated = [s for s in Document(path).sentences() if _DATE.search(s)]
    assert not dated


def test_the_architecture_is_read_in_ten_minutes() -> None:
    assert len(text_of(Path("ARCHITECTURE.md")).encode()) <= ARCHITECTURE_BYTES_MAX


@pytest.mark.parametrize(
    "path", [path for path in documents() if path.name.startswith("README")], ids=str
)
def test_a_readme_is_one_screen(path: Path) -> None:
    lines_max = README_LINES_MAX if path.parent == Path() else SERVICE_README_LINES_MAX
    assert len(text_of(path).splitlines()) <= lines_max


def test_both_readmes_show_the_same_commands() -> None:
    english, spanish = (Document(Path(name)) for name in ("README.md", "README.es.md"))
    assert spanish.shell_lines() == english.shell_lines()
    assert len(spanish.headings()) == len(english.headings())
    for wanted in (_MAKE.pattern, r"^(?:services|shared|infra|tests|docs)/"):
        assert _matching(spanish, wanted) == _matching(english, wanted)


def _matching(document: Document, pattern: str) -> list[str]:
    return sorted(span for span in document.code_spans() if re.search(pattern, span))


@pytest.mark.parametrize("path", RECORDS, ids=str)
def test_a_decision_record_has_its_parts(path: Path) -> None:
    document = Document(path)
    number = path.name[:4]
    title, *sections = document.headings()
    assert re.fullmatch(rf"{number}: .+", title)
    assert sections == RECORD_SECTIONS
    status = re.search(
        r"^Status: (accepted|superseded by \[\d{4}\]\(\S+\.md\))", document.text, re.MULTILINE
    )
    assert status
    decision = document.text.partition("## Decision\n")[2].partition("\n## ")[0]
    assert "**" in decision, "the line that people quote is in bold"
    assert words_in(document.text) in RECORD_WORDS


def test_no_two_records_share_a_number() -> None:
    numbers = [path.name[:4] for path in RECORDS]
    assert len(set(numbers)) == len(numbers)


def test_the_index_lists_each_record_by_its_title() -> None:
    index = text_of(DECISIONS / "README.md")
    for path in RECORDS:
        number, title = Document(path).headings()[0].split(": ", 1)
        assert f"| [{number}]({path.name}) | {title} |" in index


# Tables to look something up in, and no job that begins and ends.
LOOKED_UP_IN = {
    "README.md",
    "accounts.md",
    "alerts.md",
    "commands.md",
    "edge.md",
    "go-live.md",
    "metrics.md",
    "running-elsewhere.md",
}


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in documents()
        if str(p).startswith("docs/operations/") and p.name not in LOOKED_UP_IN
    ],
    ids=str,
)
def test_an_operators_page_says_what_users_notice_and_when_it_is_over(path: Path) -> None:
    headings = Document(path).headings()
    assert "What it means to users" in headings
    assert headings[-1] == "How you know that it is well"


def test_what_upkeep_is_quoted_to_say_is_what_it_says() -> None:
    page = text_of(Path("docs/operations/upkeep.md"))
    rows = re.findall(r"^\| (`.+?) \| ", page.partition("| it says |")[2], re.MULTILINE)
    quoted = [span for row in rows for span in re.findall(r"`([^`]+)`", row) if span != "/ready"]
    assert quoted
    shipped = [path for path in python_files() if path.parts[0] != "tests"]
    # Adjacent string literals are one sentence.
    said = re.sub(r'"\s*\n\s*f?"', "", "\n".join(map(text_of, shipped)))
    parts = [part.strip(" ,.") for quote in quoted for part in quote.split("…")]
    assert not [part for part in parts if part not in said]
