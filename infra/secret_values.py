"""The passwords and keys of a suite: random, created once, in one file with mode 0600.

While a secret is replaced, the file has other values of it that count as well. Their names say
what they are: `media_token.next`, or `media_token.previous` and `media_token.until`.
"""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.json_files import read_json, write_durably
from infra.plan.database_roles import login_roles
from infra.plan.parts import Plan
from infra.plan.secret_names import MADE_WHEN_MISSING

KEY_BYTES = 32
SUPERUSER = "postgres_superuser"
_LINEAGE = "lineage"
_REMEDY = "{what}: run `make up`, which says what can be done."
# The value that will be used; former values, comma separated and the newest first; and the Unix
# time at which those end.
ROTATION_MARKS = NEXT, PREVIOUS, UNTIL = (".next", ".previous", ".until")


class SecretValues:
    """Secrets by name; each generated one is safe in a URL, a shell and a configuration file."""

    def __init__(self, values: Mapping[str, str], file: Path) -> None:
        self._values = dict(values)
        self._file = file

    def __getitem__(self, name: str) -> str:
        """Return a secret; raises SuiteFailure if an older version made the file without it."""
        if name not in self._values:
            raise SuiteFailure(_REMEDY.format(what=f"{self._file} lacks {name}"))
        return self._values[name]

    def others(self, name: str) -> tuple[str, ...]:
        """Return the values that count besides the present one while a secret is replaced."""
        found = (self._values.get(name + NEXT), *former_values(self._values, name))
        return tuple(value for value in found if value)

    def accepted(self, name: str) -> tuple[str, ...]:
        """Return all values of a secret that count; the one to use stands first."""
        return (self[name], *self.others(name))

    def internal_keys(self, audiences: tuple[str, ...]) -> dict[str, str]:
        """Return the keys of internal tokens, by audience."""
        return {audience: self[f"internal_key_{audience}"] for audience in audiences}

    def login_of(self, group: str) -> str:
        """Return the login role in use; the file names it once it is not the first."""
        return self._values.get(login_entry(group), login_roles(group)[0])


def former_values(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return a secret's former values that still count, the newest first."""
    return tuple(value for value in values.get(name + PREVIOUS, "").split(",") if value)


def new_value() -> str:
    """Return a new random value."""
    return secrets.token_hex(KEY_BYTES)


def open_secrets(file: Path, plan: Plan, *, may_make: bool = True) -> SecretValues:
    """Read the secrets, after creating those that the plan needs and the file lacks.

    Secrets that the operator must give are random too until the operator replaces them. Without
    `may_make` only those of MADE_WHEN_MISSING are made, and others may lack. Raises SuiteFailure if
    the file is broken, or if it is missing while `may_make` is false.
    """
    if not may_make and not file.exists():
        raise SuiteFailure(_REMEDY.format(what=f"{file} is missing"))
    known: dict[str, str] = read_json(file) if file.exists() else {}
    missing = [secret.name for secret in plan.secrets if secret.name not in known]
    if may_make:
        _require_given(file, plan, missing)
    made = missing if may_make else MADE_WHEN_MISSING.intersection(missing)
    return SecretValues(_with_new(file, made) if made else known, file)


def _require_given(file: Path, plan: Plan, missing: Collection[str]) -> None:
    lacked = [one.name for one in plan.secrets if one.needed and one.name in missing]
    if lacked:
        raise SuiteFailure(
            f"{file} lacks {', '.join(lacked)}: somebody else runs what these open. Write there the"
            ' passwords that you were given, as in {"postgres_users": "…"}, with mode 0600. Nothing'
            " was done."
        )


def _with_new(file: Path, missing: Collection[str]) -> dict[str, str]:
    """Return the secrets with the missing ones, of which two commands at once make only one set."""
    with _alone_in(file.parent):
        known: dict[str, str] = read_json(file) if file.exists() else {}
        made = {name: new_value() for name in missing if name not in known}
        if made:
            _write(file, known | made)
    return known | made


def places_to_fill(file: Path, names: Collection[str]) -> list[str]:
    """Make an empty place for each name that the file lacks; returns all that are empty."""
    if not names:
        return []
    with _alone_in(file.parent):
        known: dict[str, str] = read_json(file) if file.exists() else {}
        lacking = [name for name in names if name not in known]
        if lacking:
            known |= dict.fromkeys(lacking, "")
            _write(file, known)
    return [name for name in names if not known[name]]


def change_secrets(file: Path, change: Callable[[dict[str, str]], object]) -> dict[str, str]:
    """Let `change` edit the values and replace the file at once; returns the new values."""
    with _alone_in(file.parent):
        values: dict[str, str] = read_json(file)
        before = dict(values)
        change(values)
        if values != before:
            _write(file, values)
    return values


def login_entry(group: str) -> str:
    """Return the name of the entry that says which login role the group's password belongs to."""
    return f"postgres_{group}_login"


def keep_lineage(values: dict[str, str]) -> None:
    """Write down the suite's lineage, before the superuser's password changes."""
    values[_LINEAGE] = lineage_of(values)


def lineage_of(values: Mapping[str, str]) -> str:
    """Return what identifies a suite for ever, from any of its files of secrets.

    It is the digest of the superuser's first password.
    """
    first = values.get(SUPERUSER, "")
    return values.get(_LINEAGE) or hashlib.sha256(first.encode()).hexdigest()


def _write(file: Path, values: Mapping[str, str]) -> None:
    write_durably(file, json.dumps(values, indent=1) + "\n")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
