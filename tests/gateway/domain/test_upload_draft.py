"""Headers of the IETF draft: structured fields, versions, and lengths that must agree."""

from typing import Any

import pytest

from services.gateway.domain import tus
from services.gateway.domain.upload_dialects import MixedDialects, dialect_of
from services.gateway.domain.upload_draft import (
    VERSIONS,
    CompletedUpload,
    Draft,
    InconsistentLength,
    MismatchingOffset,
    count_in,
    draft_of,
    flag_in,
    require_consistent,
)
from services.gateway.domain.upload_requests import Addition
from shared.contracts.photos import Upload
from shared.errors import AppError, BadRequest


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        ("?1", True),
        ("?0", False),
        ("  ?1  ", True),
        ("?1;a", True),
        ('?0; a=1; b=?0;c="x;y\\"";d=tok/en:x;e=:Zm9n:;f=-1.5;*g=@12', False),
        ("?2", None),
        ("1", None),
        ("true", None),
        ("", None),
        ("?1, ?0", None),
        ("?1 ;a", None),
        ("?1;A", None),
        ("?1;a=", None),
        ("?1;a=\x7f", None),
        ("\t?1", None),
        ("?1 x", None),
        ("?¹", None),
        (None, None),
    ],
)
def test_a_flag_is_a_boolean_item(said: str | None, flag: bool | None) -> None:
    assert flag_in(said) is flag


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("0", 0),
        ("-0", 0),
        ("007", 7),
        (" 12;unit=b ", 12),
        ("9" * 15, 10**9),
        ("9" * 16, None),
        ("-1", None),
        ("1.0", None),
        ("1, 2", None),
        ("٣", None),
        ("0x1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_count_is_an_integer_item_that_is_not_negative(
    said: str | None, count: int | None
) -> None:
    assert count_in(said) == count


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ({}, None),
        ({"tus-resumable": "1.0.0"}, None),
        ({"upload-complete": "?1"}, 8),
        ({"upload-complete": "yes"}, 8),
        ({"upload-incomplete": "?0"}, 3),
        ({"content-type": "Application/Partial-Upload; a=b"}, 8),
        *(({"upload-draft-interop-version": str(one)}, one) for one in (2, *VERSIONS, 9)),
        ({"upload-draft-interop-version": "6", "upload-incomplete": "?0"}, 6),
        ({"upload-draft-interop-version": "six"}, 9),
    ],
)
def test_a_request_names_its_version(headers: dict[str, str], version: int | None) -> None:
    draft = draft_of(headers)
    assert (None if draft is None else draft.version) == version


@pytest.mark.parametrize("version", [0, 2, 9, 10**9])
def test_a_version_that_is_not_spoken_is_refused(version: int) -> None:
    with pytest.raises(BadRequest, match="3 to 8"):
        Draft(version).check({})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("is_complete", [True, False])
def test_each_version_reads_the_completeness_that_it_writes(
    version: int, is_complete: bool
) -> None:
    draft = Draft(version)
    written = draft.completeness(is_complete=is_complete)
    headers = {name.lower(): value for name, value in written.items()}
    asked = draft.beginning({**headers, "upload-length": "3", "transfer-encoding": "chunked"}, None)
    assert asked.is_last is is_complete


@pytest.mark.parametrize(
    "of_tus",
    [
        {"tus-resumable": "1.0.0"},
        {"upload-checksum": "sha1 x"},
        {"upload-concat": "partial"},
        {"upload-defer-length": "1"},
        {"content-type": tus.CONTENT_TYPE},
    ],
)
def test_a_header_of_tus_has_no_place_in_the_draft(of_tus: dict[str, str]) -> None:
    for of_draft in ({"upload-complete": "?1"}, {"upload-draft-interop-version": "3"}):
        with pytest.raises(MixedDialects):
            dialect_of({**of_draft, **of_tus})
        assert dialect_of(of_draft) == draft_of(of_draft)
    assert isinstance(dialect_of(of_tus), tus.Tus)


def _upload(offset: int) -> Upload:
    return {
        "id": 77,
        "offset": offset,
        "length": 10,
        "metadata": "",
        "expires_at": "2026-01-02T03:04:05.678Z",
        "photo": None,
    }


@pytest.mark.parametrize(
    ("stands_at", "asked", "refusal"),
    [
        (0, {"offset": 0, "size": 3}, None),
        (3, {"offset": 3, "size": 7}, None),
        (3, {"offset": 3, "size": 7, "is_last": True}, None),
        (3, {"offset": 3, "size": None, "is_last": True}, None),
        (10, {"offset": 10, "size": 0, "is_last": True}, None),
        (3, {"offset": 3, "size": 0}, None),
        (3, {"offset": 3, "size": 3, "is_last": True}, InconsistentLength),
        (3, {"offset": 3, "size": 0, "is_last": True}, InconsistentLength),
        (3, {"offset": 3, "size": 8}, InconsistentLength),
        (3, {"offset": 3, "size": 1, "length": 11}, InconsistentLength),
        (10, {"offset": 10, "size": 1}, InconsistentLength),
        (10, {"offset": 10, "size": 0}, CompletedUpload),
        (10, {"offset": 3, "size": 7, "is_last": True}, MismatchingOffset),
        (3, {"offset": 0, "size": 3}, MismatchingOffset),
        (3, {"offset": 4, "size": 3}, MismatchingOffset),
        (3, {"offset": 10**9, "size": 3}, MismatchingOffset),
    ],
)
def test_bytes_must_agree_with_the_upload(
    stands_at: int, asked: dict[str, Any], refusal: type[AppError] | None
) -> None:
    addition = Addition(**asked)
    if refusal is None:
        require_consistent(_upload(stands_at), addition)
        return
    with pytest.raises(refusal):
        require_consistent(_upload(stands_at), addition)


def test_a_mismatch_names_both_offsets() -> None:
    error = MismatchingOffset(expected=3, provided=4)
    assert error.headers() == {"Upload-Offset": "3"}
    assert error.members() == {"expected-offset": 3, "provided-offset": 4}
