"""Codes and links follow from a proof's id and a key, and tell nothing of either."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.users.domain.proofs import WRONG_MAX, Proof, ProofCodes

_KEY, _OTHER = "a key of thirty-two characters!!", "another key of that very length!"
_IDS = st.integers(min_value=1, max_value=2**63 - 1)
_NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


@given(_IDS)
def test_a_code_has_six_digits_and_is_its_own(proof_id: int) -> None:
    codes = ProofCodes(_KEY)
    code = codes.code(proof_id)
    assert len(code) == 6
    assert code.isdecimal()
    assert codes.is_code(proof_id, code)
    assert codes.is_code(proof_id, f" {code[:3]} {code[3:]} ")


@given(_IDS)
def test_a_link_names_its_proof(proof_id: int) -> None:
    assert ProofCodes(_KEY).proof_of_link(ProofCodes(_KEY).link(proof_id)) == proof_id


@given(_IDS, st.text(max_size=70))
def test_what_no_key_made_is_refused(proof_id: int, typed: str) -> None:
    codes = ProofCodes(_KEY)
    assert codes.proof_of_link(typed) is None
    assert codes.proof_of_link(ProofCodes(_OTHER).link(proof_id)) is None
    if "".join(typed.split()) != codes.code(proof_id):
        assert not codes.is_code(proof_id, typed)


@given(_IDS)
def test_both_keys_count_while_one_is_replaced(proof_id: int) -> None:
    old, new = ProofCodes(_KEY), ProofCodes(_OTHER, (_KEY,))
    assert new.is_code(proof_id, old.code(proof_id))
    assert new.proof_of_link(old.link(proof_id)) == proof_id


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "²23456"])
def test_only_six_ascii_digits_are_a_code(typed: str) -> None:
    assert not ProofCodes(_KEY).is_code(1, typed)


@pytest.mark.parametrize(
    ("used_at", "left", "wrong", "counts"),
    [
        (None, timedelta(seconds=1), 0, True),
        (None, timedelta(seconds=1), WRONG_MAX - 1, True),
        (None, timedelta(seconds=1), WRONG_MAX, False),
        (None, timedelta(0), 0, False),
        (_NOW, timedelta(seconds=1), 0, False),
    ],
)
def test_when_a_proof_counts(
    used_at: datetime | None, left: timedelta, wrong: int, *, counts: bool
) -> None:
    proof = Proof(1, 2, "verify_address", "alice@mail.example", _NOW + left, used_at, wrong)
    assert proof.counts(_NOW) is counts
