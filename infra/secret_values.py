"""The passwords and keys of a suite: random, created once, in one file with mode 0600."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.json_files import read_json, write_durably
from infra.plan.parts import Plan

KEY_BYTES = 32


class SecretValues:
    """Secrets by name; each generated one is safe in a URL, a shell and a configuration file."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def internal_keys(self, audiences: tuple[str, ...]) -> dict[str, str]:
        """Return the keys of internal tokens, by audience."""
        return {audience: self._values[f"internal_key_{audience}"] for audience in audiences}


def open_secrets(file: Path, plan: Plan, *, may_make: bool = True) -> SecretValues:
    """Read the secrets, after creating those that the plan needs and the file lacks.

    Secrets that the operator must give are random too until the operator replaces them. Raises
    SuiteFailure if the file is broken, or lacks a secret while `may_make` is false.
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
