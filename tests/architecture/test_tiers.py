"""Tests of domains need no server, and concurrent parts of a test run do not collide."""

import pytest

from tests.__main__ import PARTS, environment_of, side_by_side
from tests.tiers import strays


# Every collection refuses strays, also among the tests that it then leaves out.
@pytest.mark.parametrize(
    ("test", "tier", "is_stray"),
    [
        ("tests/feed/domain/test_captions.py::test_a_tag", "fast", False),
        ("tests/feed/domain/test_captions.py::test_a_tag[data]", "data", True),
        ("tests/architecture/test_tiers.py::test_this", "suite", True),
        ("tests/feed/store/test_domain.py::test_domain", "data", False),
    ],
)
def test_a_domain_or_architecture_test_that_needs_a_server_is_refused(
    test: str, tier: str, is_stray: bool
) -> None:
    assert strays([(test, tier)]) == ([test] if is_stray else [])


@pytest.mark.parametrize(("processors", "parts"), [(1, 1), (2, 1), (4, 2), (64, len(PARTS))])
def test_parts_run_side_by_side_where_there_are_processors(processors: int, parts: int) -> None:
    assert side_by_side(processors) == parts


def test_each_part_has_a_network_and_a_folder_of_its_own() -> None:
    given = {"RETRATO_TEST_NET": "127.41", "RETRATO_TEST_RUN_DIR": "/somewhere/.run-test"}
    places = [environment_of(place, given) for place in range(len(PARTS))]
    assert len({place["RETRATO_TEST_NET"] for place in places}) == len(PARTS)
    assert len({place["RETRATO_TEST_RUN_DIR"] for place in places}) == len(PARTS)
