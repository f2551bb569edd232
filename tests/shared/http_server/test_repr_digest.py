"""A Repr-Digest header is understood or refused, and never ignored."""

import base64
import hashlib

import pytest

from shared.errors import BadRequest
from shared.http_server.repr_digest import sha256_in

_SHA256 = hashlib.sha256(b"a picture").digest()
_SAID = base64.b64encode(_SHA256).decode()


@pytest.mark.parametrize(
    "header",
    [
        f"sha-256=:{_SAID}:",
        f"sha-512=:AAAA:, sha-256=:{_SAID}:",
        f" sha-256=:{_SAID}: ",
        f"sha-256=:{_SAID}:;q=1",
    ],
)
def test_the_digest_is_found(header: str) -> None:
    assert sha256_in(header) == _SHA256


def test_without_the_header_nothing_was_said() -> None:
    assert sha256_in(None) is None


@pytest.mark.parametrize(
    "header",
    ["", ":", "sha-256", f"sha-256={_SAID}", f"sha-512=:{_SAID}:", "sha-256=:AAAA:", "sha-256=:é:"],
)
def test_what_is_no_sha_256_is_refused(header: str) -> None:
    with pytest.raises(BadRequest):
        sha256_in(header)
