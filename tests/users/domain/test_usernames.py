"""Which usernames a person may choose."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.users.domain.usernames import (
    RESERVED_USERNAMES,
    USERNAME_PATTERN,
    is_username,
    username_fault,
    username_key,
)
from shared.faults import fault


@pytest.mark.parametrize("username", ["a", "alice", "a.b_c", "_", ".a", "0", "x" * 30])
def test_a_username_of_allowed_characters_is_accepted(username: str) -> None:
    assert username_fault(username) is None


@pytest.mark.parametrize(
    "username",
    ["", "x" * 31, "Alice", "alice.", "ali ce", "ali\nce", "alice\n", "a-b", "älice", "a\0b", "."],
)
def test_any_other_username_is_refused(username: str) -> None:
    assert username_fault(username)


@pytest.mark.parametrize("username", ["admin", "api", "support", "me", "retrato"])
def test_names_of_the_operator_are_reserved(username: str) -> None:
    assert username_fault(username) == fault("username_reserved")


def test_reserved_names_are_in_the_form_of_their_key() -> None:
    assert {username_key(name) for name in RESERVED_USERNAMES} == RESERVED_USERNAMES


@given(st.text(max_size=40))
def test_the_rule_and_the_documented_pattern_agree(username: str) -> None:
    documented = re.compile(USERNAME_PATTERN).search(username) is not None
    assert is_username(username) == (documented and not username.endswith("\n"))
    if username_fault(username) is None:
        assert is_username(username)
