"""No document of an API changes unnoticed: each is compared with its committed copy."""

import pytest

from tests.contract.documents import (
    COLLECTION,
    DOCUMENTS,
    collection_text,
    snapshot_file,
    snapshot_of,
)


@pytest.mark.parametrize("service", DOCUMENTS)
def test_the_document_is_the_committed_one(service: str) -> None:
    committed = snapshot_file(service).read_text(encoding="utf-8")
    assert snapshot_of(DOCUMENTS[service]).splitlines() == committed.splitlines(), (
        f"The API of {service} has changed. If that is meant, run `make openapi` and commit"
        f" docs/api/{service}.json."
    )


def test_the_collection_is_made_of_the_document() -> None:
    committed = COLLECTION.read_text(encoding="utf-8")
    assert committed == collection_text(), "Run `make openapi` and commit docs/api."
