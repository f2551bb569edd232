"""What the tidy rules look at: the tracked and new files of this checkout, parsed once."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("services", "shared", "infra", "tests", "bench")


@cache
def files_of_the_tree() -> tuple[Path, ...]:
    """Every file that git tracks or would track, relative to the root."""
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
    """Python modules of the project."""
    return tuple(
        path
        for path in files_of_the_tree()
        if path.suffix == ".py" and path.parts[0] in CODE_FOLDERS
    )


@cache
def text_of(path: Path) -> str:
    """The text of a file of the tree."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def syntax_of(path: Path) -> ast.Module:
    """The syntax tree of a module of the tree."""
    return ast.parse(text_of(path), filename=str(path))
