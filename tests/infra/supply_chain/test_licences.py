"""Licences are read from metadata in old and new forms, and held to the allowed list."""

from email.message import Message
from importlib.metadata import distribution

import pytest

from infra.supply_chain.licences import (
    forbidden_licences,
    is_allowed,
    licence_of,
    read_policy,
    with_licences,
)
from infra.supply_chain.parts import Part, Use, python_parts

_POLICY = read_policy()
_ALLOWED = frozenset({"MIT", "Apache-2.0"})
_CLASSIFIER = "License :: OSI Approved :: {}"


def _metadata(*fields: tuple[str, str]) -> Message:
    made = Message()
    for name, value in fields:
        made[name] = value
    return made


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND (Apache-2.0 OR GPL-2.0-only)", True),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("", False),
        ("MIT AND", False),
        ("do what you want", False),
    ],
)
def test_a_choice_needs_one_and_a_sum_needs_all(expression: str, allowed: bool) -> None:
    assert is_allowed(expression, _ALLOWED) is allowed


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT OR Apache-2.0"), ("License", "x")], "MIT OR Apache-2.0"),
        ([("License", "Apache 2.0")], "Apache-2.0"),
        ([("License", "Shareware")], "Shareware"),
        ([("License", "UNKNOWN"), ("Classifier", _CLASSIFIER.format("MIT License"))], "MIT"),
        ([("Classifier", _CLASSIFIER.format("Own License"))], _CLASSIFIER.format("Own License")),
        (
            [
                ("Classifier", _CLASSIFIER.format("MIT License")),
                ("Classifier", _CLASSIFIER.format("Apache Software License")),
            ],
            "MIT AND Apache-2.0",
        ),
        ([("Classifier", "License :: DFSG approved")], None),
        ([], None),
    ],
)
def test_metadata_tells_the_licence(fields: list[tuple[str, str]], licence: str | None) -> None:
    assert licence_of("somebody", _metadata(*fields), _POLICY) == licence


def test_a_part_that_is_not_installed_has_no_known_licence() -> None:
    parts = with_licences([Part("nothing-such", "1.0", Use.RUNTIME)], [], _POLICY)
    assert [one.text for one in forbidden_licences(parts, _POLICY)] == ["licence: unknown"]


def test_the_parts_of_failover_are_looked_at_once() -> None:
    parts = python_parts()
    assert [part.use for part in parts if part.name == "patroni"] == [Use.FAILOVER]
    assert len({(part.name, part.version) for part in parts}) == len(parts)


def test_every_locked_part_of_this_environment_is_allowed() -> None:
    folder = distribution("pytest").locate_file("")
    parts = with_licences(python_parts(), [folder], _POLICY)  # type: ignore[list-item]
    installed = [part for part in parts if part.licences]
    assert len(installed) > 50
    assert not forbidden_licences(installed, _POLICY)
