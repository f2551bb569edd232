"""The keys by which addresses are counted."""

import pytest

from services.users.domain.sign_in_limits import source_of


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("not an address", "not an address"),
    ],
)
def test_addresses_of_one_household_count_as_one(address: str, source: str) -> None:
    assert source_of(address) == source
