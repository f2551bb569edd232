"""Tests without a server are marked fast, and concurrent parts of a test run do not collide."""

from pathlib import Path

import pytest

from tests.__main__ import PARTS, environment_of, side_by_side


def test_every_domain_contract_and_architecture_test_needs_no_server(
    request: pytest.FixtureRequest,
) -> None:
    strays = [
        item.nodeid
        for item in request.session.items
        if {"domain", "architecture"} & set(Path(item.nodeid.split("::")[0]).parts)
        and item.get_closest_marker("fast") is None
    ]
    assert not strays


@pytest.mark.parametrize(("processors", "parts"), [(1, 1), (2, 1), (4, 2), (64, len(PARTS))])
def test_parts_run_side_by_side_where_there_are_processors(processors: int, parts: int) -> None:
    assert side_by_side(processors) == parts


def test_each_part_has_a_network_and_a_folder_of_its_own() -> None:
    given = {"RETRATO_TEST_NET": "127.41", "RETRATO_TEST_RUN_DIR": "/somewhere/.run-test"}
    places = [environment_of(place, given) for place in range(len(PARTS))]
    assert len({place["RETRATO_TEST_NET"] for place in places}) == len(PARTS)
    assert len({place["RETRATO_TEST_RUN_DIR"] for place in places}) == len(PARTS)
