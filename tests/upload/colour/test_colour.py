"""Pictures of every kind show the colours that the standards say."""

import pytest

from services.upload.clients.decoder import Decoder
from tests.upload.colour.comparison import difference, shown_by
from tests.upload.colour.table import CASES, Case, content_of


def test_the_table_is_large_and_its_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_picture_shows_its_colours(decoder: Decoder, decoder_python: str, case: Case) -> None:
    found = shown_by(decoder, case, content_of(case, decoder_python))
    off = difference(found, case.expected())
    assert off.is_small, off
