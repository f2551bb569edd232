"""Only the passphrase opens sealed content, and every changed byte is detected."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.backups.sealing import WrongPassphrase, derived_key, seal, unseal


# No deadline, because the first example derives the key from the passphrase.
@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_what_was_sealed_comes_back(content: bytes) -> None:
    assert unseal("correct horse", "list", seal("correct horse", "list", content)) == content


# No deadline, because the first example derives the key from the passphrase.
@settings(deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_noticed(place: int, bit: int) -> None:
    sealed = bytearray(seal("correct horse", "list", b"alice and bob"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(WrongPassphrase):
        unseal("correct horse", "list", bytes(sealed))


@pytest.mark.parametrize(
    ("passphrase", "purpose"), [("another", "list"), ("correct horse", "mark")]
)
def test_another_passphrase_or_purpose_opens_nothing(passphrase: str, purpose: str) -> None:
    with pytest.raises(WrongPassphrase):
        unseal(passphrase, purpose, seal("correct horse", "list", b"alice"))


def test_no_two_purposes_share_a_key() -> None:
    purposes = ["databases", "photos", "photos' salt", "store access key", "store secret key"]
    assert len({derived_key("correct horse", purpose) for purpose in purposes}) == len(purposes)
