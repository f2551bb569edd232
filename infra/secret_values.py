"""Passwords and keys of a suite: made once at random, kept in one file for its owner only."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.json_files import read_json, write_durably
from infra.plan.parts import Plan

KEY_BYTES = 32


class SecretValues:
    """Named secrets, each a string safe in a URL, a shell and a configuration file."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def internal_keys(self, audiences: tuple[str, ...]) -> dict[str, str]:
        """The keys of internal tokens for these audiences."""
        return {audience: self._values[f"internal_key_{audience}"] for audience in audiences}


def open_secrets(file: Path, plan: Plan, *, may_make: bool = True) -> SecretValues:
    """Read the file; what the plan needs and the file lacks is made and written first.

    Those that the operator gives are made up too, until the true ones are written in their place.
    Raises SuiteFailure if the file is broken, or lacks something that may not be made.
    """
    known: dict[str, str] = read_json(file) if file.exists() else {}
    missing = [secret.name for secret in plan.secrets if secret.name not in known]
    if missing and not may_make:
        raise SuiteFailure(
            f"{file} {'lacks ' + missing[0] if known else 'is missing'}: run `make up`, which says"
            " what can be done."
        )
    if missing:
        known |= {name: secrets.token_hex(KEY_BYTES) for name in missing}
        write_durably(file, json.dumps(known, indent=1) + "\n")
    return SecretValues(known)
