"""Headers of tus: accepted and refused values."""

import base64
import hashlib

import pytest

from services.gateway.domain.tus import (
    CONTENT_TYPE,
    Tus,
    VersionNotSpoken,
    check_offered,
    checksum_in,
    number_in,
)
from services.gateway.domain.upload_metadata import metadata_in
from services.gateway.domain.upload_requests import is_media_type
from shared.errors import BadRequest


@pytest.mark.parametrize("said", [None, "", "0.2.2", "1.0.0 ", "2.0.0"])
def test_only_one_version_is_accepted(said: str | None) -> None:
    with pytest.raises(VersionNotSpoken):
        Tus().check({} if said is None else {"tus-resumable": said})
    Tus().check({"tus-resumable": "1.0.0"})


@pytest.mark.parametrize("said", [None, "", "-1", "1.5", "0x10", "²", "٣"])
def test_a_malformed_number_of_bytes_is_refused(said: str | None) -> None:
    with pytest.raises(BadRequest):
        number_in("Upload-Length", said)


@pytest.mark.parametrize(
    ("said", "number"),
    [("0", 0), ("007", 7), ("0" * 30, 0), ("1" * 13, 10**9), ("9" * 5_000, 10**9)],
)
def test_numbers_beyond_any_limit_stay_beyond_it(said: str, number: int) -> None:
    assert number_in("Upload-Length", said) == number


@pytest.mark.parametrize(
    ("said", "is_taken"),
    [
        ("application/offset+octet-stream", True),
        ("Application/Offset+Octet-Stream", True),
        ("application/offset+octet-stream; charset=binary", True),
        ("application/offset+octet-stream ;x=y", True),
        ("application/offset+octet-streams", False),
        ("application/octet-stream", False),
        ("", False),
        (None, False),
    ],
)
def test_media_types_compare_without_case_and_parameters(said: str | None, is_taken: bool) -> None:
    assert is_media_type(said, CONTENT_TYPE) is is_taken


@pytest.mark.parametrize(
    "headers",
    [
        {"upload-defer-length": "1"},
        {"upload-concat": "partial"},
        {"upload-concat": ""},
        {"trailer": "X-Other, Upload-Checksum"},
    ],
)
def test_extensions_that_are_not_offered_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        check_offered(headers)
    check_offered({"trailer": "X-Other", "upload-length": "9"})


def test_a_checksum_is_its_algorithm_and_digest() -> None:
    digest = hashlib.sha1(b"fog", usedforsecurity=False).digest()
    checksum = checksum_in(f"sha1 {base64.b64encode(digest).decode()}")
    assert checksum is not None
    hasher = checksum.hasher()
    hasher.update(b"fog")
    assert hasher.digest() == checksum.digest
    assert checksum_in(None) is None


@pytest.mark.parametrize("said", ["", "sha1", "md5 AAAA", "sha1 AAAA", "sha256 !!", "sha1  "])
def test_a_malformed_checksum_is_refused(said: str) -> None:
    with pytest.raises(BadRequest):
        checksum_in(said)


@pytest.mark.parametrize("said", ["filename Zm9n", "a,b Zg==", "is_confidential"])
def test_metadata_is_returned_unchanged(said: str) -> None:
    assert metadata_in(said) == said


@pytest.mark.parametrize(
    "said", ["filename fog.jpg", "a b c", ",", "ä Zg==", "a " + "A" * 1000, "a Zg==,a"]
)
def test_malformed_metadata_is_refused(said: str) -> None:
    with pytest.raises(BadRequest):
        metadata_in(said)
