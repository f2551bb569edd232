"""infra and each service have their own lock file, and one environment can satisfy all."""

import re

import pytest

from infra.run_folder import REPOSITORY

LOCKS = REPOSITORY / "infra" / "locks"
OWNERS = ("gateway", "users", "upload", "feed", "infra")


def _pinned(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Map each package to its version and the hashes of its files."""
    text = (LOCKS / f"{name}.txt").read_text(encoding="ascii").replace("\\\n", " ")
    found = re.findall(r"^([a-z0-9_.-]+)==(\S+)((?: +--hash=\S+)+)", text, re.MULTILINE)
    return {package: (version, frozenset(hashes.split())) for package, version, hashes in found}


@pytest.mark.parametrize("owner", OWNERS)
def test_a_lock_agrees_with_what_the_local_suite_installs(owner: str) -> None:
    own, installed = _pinned(owner), _pinned("main")
    assert own
    assert {package: installed.get(package) for package in own} == own


def test_the_local_suite_installs_what_some_lock_asks_for_and_nothing_else() -> None:
    asked = {package for owner in OWNERS for package in _pinned(owner)}
    assert set(_pinned("main")) == asked


@pytest.mark.parametrize("owner", [*OWNERS, "main", "dev", "decoder"])
def test_a_lock_names_no_registry_and_everything_in_it_has_a_hash(owner: str) -> None:
    text = (LOCKS / f"{owner}.txt").read_text(encoding="ascii")
    assert "://" not in text
    assert text.count("==") == len(_pinned(owner))


@pytest.mark.parametrize("owner", OWNERS)
def test_a_lock_holds_what_its_owner_asks_for(owner: str) -> None:
    asked = set()
    for name in (owner, "shared"):
        text = (LOCKS / f"{name}.in").read_text(encoding="ascii")
        asked |= {found.lower() for found in re.findall(r"^([A-Za-z][\w.-]*)", text, re.MULTILINE)}
    assert asked - set(_pinned(owner)) == set()
