"""Licences of Python packages as SPDX expressions, and whether all of them are allowed."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, Licensing

from infra.supply_chain.findings import Finding
from infra.supply_chain.parts import Part, normalised

_TABLE = Path(__file__).with_name("allowed_licences.toml")
_LICENSING: Any = Licensing()
_SILENT = {"", "UNKNOWN"}


@dataclass(frozen=True, slots=True)
class Policy:
    """`allowed` are SPDX ids; the others are for metadata that is no SPDX expression."""

    allowed: frozenset[str]
    spelled: Mapping[str, str]
    classifiers: Mapping[str, str]
    silent: Mapping[str, str]


def read_policy(file: Path = _TABLE) -> Policy:
    """Return what the file of licences says."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return Policy(
        frozenset(table["allowed"]), table["spelled"], table["classifiers"], table["silent"]
    )


def with_licences(parts: Iterable[Part], folders: Iterable[Path], policy: Policy) -> list[Part]:
    """Return the parts with the licences of their installed metadata, if they are installed."""
    installed = {
        (normalised(found.metadata["Name"]), found.version): found
        for found in distributions(path=[str(folder) for folder in folders])
    }
    return [
        replace(part, licences=_licences(installed.get((part.name, part.version)), policy))
        for part in parts
    ]


def licence_of(name: str, metadata: Message, policy: Policy) -> str | None:
    """Return a package's licence as an SPDX expression, or None if its metadata does not tell."""
    if name in policy.silent:
        return policy.silent[name]
    expression = metadata.get("License-Expression")
    if expression:
        return str(expression)
    said = (metadata.get("License") or "").strip()
    if said not in _SILENT and "\n" not in said:
        return policy.spelled.get(said, said)
    kinds = [
        policy.classifiers.get(line, line)
        for line in metadata.get_all("Classifier") or ()
        if line.startswith("License :: OSI Approved :: ")
    ]
    # Several classifiers may mean a choice or a sum, so all of them must be allowed.
    return " AND ".join(kinds) or None


def forbidden_licences(parts: Iterable[Part], policy: Policy) -> list[Finding]:
    """Return a finding for each Python part whose licence is unknown or not allowed."""
    return [
        Finding(part.name, part.version, ("licence",), f"licence: {said or 'unknown'}")
        for part in parts
        for said in [" AND ".join(part.licences)]
        if not said or not is_allowed(said, policy.allowed)
    ]


def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Return whether the licences of an expression, or one of each choice, are allowed."""
    try:
        tree = _LICENSING.parse(expression)
    except ExpressionError:
        return False
    return tree is not None and _holds(tree, allowed)


def _holds(tree: Any, allowed: frozenset[str]) -> bool:
    if isinstance(tree, _LICENSING.OR):
        return any(_holds(one, allowed) for one in tree.args)
    if isinstance(tree, _LICENSING.AND):
        return all(_holds(one, allowed) for one in tree.args)
    return str(tree) in allowed


def _licences(found: Distribution | None, policy: Policy) -> tuple[str, ...]:
    if found is None:
        return ()
    name = normalised(found.metadata["Name"])
    licence = licence_of(name, found.metadata, policy)  # type: ignore[arg-type]
    return (licence,) if licence else ()
