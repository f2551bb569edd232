"""A start accepts the authority of the ledger, and the one that is replacing it."""

from dataclasses import replace
from typing import Any

import pytest

from infra.holdings.comparison import compare
from infra.holdings.findings import Words
from infra.holdings.kept_files import AUTHORITY_FOLLOWS
from tests.infra.holdings.described import PRIMARIES, whole_facts, whole_ledger

UNDER_WAY = {AUTHORITY_FOLLOWS: {"from": "dd", "to": "xx"}}
OVER = {AUTHORITY_FOLLOWS: None}


@pytest.mark.parametrize(
    ("authority", "sections", "found", "is_expected"),
    [
        ("dd", UNDER_WAY, "dd", True),  # before the switch
        ("dd", UNDER_WAY, "xx", True),  # after it
        ("xx", UNDER_WAY, "xx", True),
        ("xx", UNDER_WAY, "dd", False),  # a copy of the former one was put back
        ("dd", UNDER_WAY, "yy", False),
        ("dd", OVER, "xx", False),
        ("xx", OVER, "xx", True),
    ],
)
def test_the_authority_is_known_or_follows_the_known_one(
    authority: str, sections: dict[str, Any], found: str, is_expected: bool
) -> None:
    facts = whole_facts()
    facts = replace(facts, authority=replace(facts.authority, fingerprints={"": found}))
    ledger = whole_ledger(authority=authority, sections=sections)
    assert (compare(ledger, facts, PRIMARIES, Words()).findings == []) == is_expected
