"""Outside bytes never meet a parser with a published security bug."""

import ast
import json
import subprocess
import tomllib
from functools import cache
from importlib.metadata import distributions
from typing import Any

import pytest
from PIL import __version__ as drawing_version

from infra.run_folder import REPOSITORY

_TABLE = REPOSITORY / "services" / "upload" / "decoder" / "advisories.toml"
_LOCKS = REPOSITORY / "infra" / "locks"


@cache
def _known() -> dict[str, Any]:
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {name: row for name, row in table.items() if name != "looked_through"}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


@pytest.fixture(scope="module")
def versions(decoder_python: str) -> dict[str, str | None]:
    said = subprocess.check_output(
        [decoder_python, "-m", "tests.upload.decoder.parser_versions"], cwd=REPOSITORY
    )
    found: dict[str, str | None] = json.loads(said)
    return found


def test_every_parser_is_newer_than_its_published_bugs(versions: dict[str, str | None]) -> None:
    assert versions.keys() == _known().keys()
    old = {
        name: version
        for name, version in versions.items()
        if version is None or _numbers(version) < _numbers(_known()[name]["fixed_in"])
    }
    assert not old


def test_the_drawing_library_never_opens_a_file() -> None:
    """A fork shares the bugs of its upstream's version, so it may see pixels only."""
    reading = [
        f"{path.relative_to(REPOSITORY)}:{node.lineno}"
        for path in (REPOSITORY / "services").rglob("*.py")
        if "decoder" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr == "open"
        and isinstance(node.value, ast.Name)
        and node.value.id in {"Image", "ImageFile"}
    ]
    assert not reading


def test_pictures_are_drawn_by_the_fork_alone() -> None:
    """Both are named PIL: the one installed last is imported."""
    installed = {found.metadata["Name"].lower().replace("_", "-") for found in distributions()}
    assert installed & {"pillow", "pillow-simd"} == {"pillow-simd"}
    assert "post" in drawing_version
    for lock in ("main.txt", "dev.txt"):
        assert "\npillow==" not in (_LOCKS / lock).read_text(encoding="utf-8")


def test_the_decoder_is_locked_to_the_upstream() -> None:
    lock = (_LOCKS / "decoder.txt").read_text(encoding="utf-8")
    assert "pillow==" in lock
    assert "pillow-simd" not in lock
