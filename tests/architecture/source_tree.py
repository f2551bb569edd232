"""The files of this checkout that the tidy rules check, each parsed once."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("services", "shared", "infra", "tests", "bench", "prove")


@cache
def files_of_the_tree() -> tuple[Path, ...]:
    """Return every file that git tracks or would track, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return tuple(Path(name) for name in sorted(set(listed)) if (ROOT / name).is_file())


@cache
def python_files() -> tuple[Path, ...]:
    """Return the project's Python modules."""
    return tuple(
        path
        for path in files_of_the_tree()
        if path.suffix == ".py" and path.parts[0] in CODE_FOLDERS
    )


@cache
def text_of(path: Path) -> str:
    """Return the text of a file."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def syntax_of(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(text_of(path), filename=str(path))
