"""Writes files from templates, only if they differ, and readable by one account."""

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from infra.accounts import Account

_differing: ContextVar[list[Path] | None] = ContextVar("differing", default=None)
# Others may enter such a folder, but only its owner may list it.
# The object store's folders, which upload's accounts may read by their group.
READABLE_STORE = 0o750
PASSABLE = 0o711
_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 - configuration files, not pages
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shell_words"] = shlex.join
    environment.filters["quoted"] = lambda value: '"' + value.replace('"', '\\"') + '"'
    # The supervisor's configuration reads %(name)s as a variable.
    environment.filters["percent"] = lambda value: str(value).replace("%", "%%")
    return environment


def render(template: str, values: Mapping[str, Any]) -> str:
    """Render a template; raises jinja2.UndefinedError for an unknown variable."""
    return _environment().get_template(template).render(values)


def write_rendered(file: Path, text: str, account: Account, mode: int = 0o600) -> bool:
    """Write a file, which by default only `account` may read; returns whether its text changed."""
    changed = not file.exists() or file.read_bytes() != text.encode()
    differing = _differing.get()
    if differing is not None:
        differing += [file] if changed else []
        return changed
    if changed:
        _replace(file, text, account, mode)
    else:
        account.own(file, mode)
    return changed


def _replace(file: Path, text: str, account: Account, mode: int) -> None:
    """Replace a file at once, in a folder whose account may have put a link in the draft's place.

    Readers of a file that is already open to them never find it closed.
    """
    draft = file.with_name(file.name + ".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        account.own_open(descriptor, mode)
    draft.replace(file)


def delete_rendered(files: Iterable[Path]) -> None:
    """Delete files that are rendered no more, unless files are only compared."""
    differing = _differing.get()
    for file in files:
        if differing is not None:
            differing.append(file)
        else:
            file.unlink(missing_ok=True)


def make_folder(folder: Path, account: Account, mode: int = 0o700) -> Path:
    """Create a folder that belongs to `account`, unless files are only compared."""
    if _differing.get() is None:
        folder.mkdir(parents=True, exist_ok=True)
        account.own(folder, mode)
    return folder


def make_data_folder(folder: Path, account: Account, mode: int = 0o700) -> Path:
    """Create a folder of data, unless files are only compared.

    An existing one keeps its owner: its process may run as another account until its next start.
    """
    if not folder.exists():
        return make_folder(folder, account, mode)
    if _differing.get() is None:
        folder.chmod(mode)
    return folder


def set_modes(folder: Path, mode: int) -> None:
    """Give every file of a folder this mode, unless files are only compared."""
    if _differing.get() is None:
        for file in folder.iterdir():
            # The supervisor may rotate a log meanwhile.
            with suppress(FileNotFoundError):
                file.chmod(mode)


@contextmanager
def comparing() -> Iterator[list[Path]]:
    """Write nothing inside the block; yields a list that collects the files that would change."""
    files: list[Path] = []
    token = _differing.set(files)
    try:
        yield files
    finally:
        _differing.reset(token)
