"""Which posts and comments a viewer gets."""

from services.gateway.domain.visibility import author_ids
from tests.gateway.samples import ALICE, BOB, post


def test_each_author_is_listed_once() -> None:
    page = [post(9, BOB), post(8, ALICE), post(7, BOB)]
    assert author_ids(page) == [BOB, ALICE]
