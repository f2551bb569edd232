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


@pytest.mark.parametrize(
    "username",
    ["adm1n", "adrnin", "ad.min", "_admin_", "retrat0", "supp0rt", "0fficia1", "lnfo", "nevvs",
     "adr.nin", "ad_r_nin",
     "\uff41\uff44\uff4d\uff49\uff4e", "\u0430dmin", "adm\u0131n", "ad\u200bmin", "\U0001d4eadmin"],
)  # fmt: skip
def test_nobody_gets_a_name_that_looks_like_the_operators(username: str) -> None:
    assert username_fault(username) in (fault("username_reserved"), fault("username_form"))


@given(st.sampled_from(sorted(RESERVED_USERNAMES)), st.data())
def test_no_spelling_of_a_reserved_name_is_free(name: str, data: st.DataObject) -> None:
    swaps = [("o", "0"), ("l", "1"), ("i", "1"), ("i", "l"), ("l", "i"), ("m", "rn"), ("w", "vv")]
    for before, after in data.draw(st.lists(st.sampled_from(swaps), max_size=4)):
        name = name.replace(before, after, data.draw(st.integers(0, 2)))
    place = data.draw(st.integers(0, len(name)))
    name = name[:place] + data.draw(st.sampled_from(["", ".", "_", "__"])) + name[place:]
    assert username_fault(name) is not None


@pytest.mark.parametrize("username", ["adminah", "retratos", "supporter", "alice.m", "willow"])
def test_a_name_that_only_contains_a_reserved_one_is_free(username: str) -> None:
    assert username_fault(username) is None


def test_reserved_names_are_in_the_form_of_their_key() -> None:
    assert {username_key(name) for name in RESERVED_USERNAMES} == RESERVED_USERNAMES


@given(st.text(max_size=40))
def test_the_rule_and_the_documented_pattern_agree(username: str) -> None:
    documented = re.compile(USERNAME_PATTERN).search(username) is not None
    assert is_username(username) == (documented and not username.endswith("\n"))
    if username_fault(username) is None:
        assert is_username(username)
