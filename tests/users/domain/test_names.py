"""The directory shards of unique names."""

from collections import Counter

from services.users.domain.names import (
    email_of,
    hashed_shard,
    names_of_login,
    shard_of_name,
    username_of,
)


def test_names_spread_evenly_over_the_shards() -> None:
    shards = Counter(shard_of_name(username_of(f"user{n}"), 64) for n in range(64_000))
    assert len(shards) == 64
    # Six standard deviations of a fair draw.
    assert all(abs(count - 1000) < 190 for count in shards.values())


def test_the_shard_of_a_name_never_changes() -> None:
    assert shard_of_name(username_of("alice"), 64) == hashed_shard("username:alice", 64) == 11


def test_a_smaller_group_keeps_the_low_bits() -> None:
    assert hashed_shard("alice", 64) & 7 == hashed_shard("alice", 8)


def test_a_login_with_an_at_sign_is_an_address() -> None:
    assert names_of_login("Alice") == [username_of("alice")]
    assert names_of_login("Alice@Mail.example") == [email_of("alice@mail.example")]


def test_an_address_is_looked_up_under_the_former_and_the_current_key() -> None:
    keys = [name.key for name in names_of_login("a@M\u00fcnchen.example")]
    assert keys == ["a@m\u00fcnchen.example", "a@xn--mnchen-3ya.example"]


def test_an_impossible_login_has_no_names() -> None:
    assert names_of_login("") == names_of_login("no name") == names_of_login("@" * 300) == []
