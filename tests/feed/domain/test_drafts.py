"""The limits of a post."""

import math

import pytest

from services.feed.domain.drafts import CAPTION_CHARACTERS_MAX, Draft, faults_of
from shared.contracts.posts import Place


def _place(**changed: object) -> Place:
    return {"name": "Old harbour", "lat": 53.5, "lng": 9.9, **changed}  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    "draft",
    [
        Draft((1,), "", None),
        Draft(tuple(range(1, 11)), "é" * CAPTION_CHARACTERS_MAX, _place()),
        Draft((1,), "two\nlines\twith 👩‍👩‍👧", _place(lat=-90, lng=180)),
    ],
)
def test_a_draft_within_the_limits_has_no_fault(draft: Draft) -> None:
    assert faults_of(draft) == []


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft((), "", None), "photo_ids"),
        (Draft(tuple(range(1, 12)), "", None), "photo_ids"),
        (Draft((1, 2, 1), "", None), "photo_ids"),
        (Draft((1,), "a" * (CAPTION_CHARACTERS_MAX + 1), None), "caption"),
        (Draft((1,), "nul \x00", None), "caption"),
        (Draft((1,), "half a pair \ud83d", None), "caption"),
        (Draft((1,), "", _place(name="")), "place.name"),
        (Draft((1,), "", _place(name="   ")), "place.name"),
        (Draft((1,), "", _place(name="two\nlines")), "place.name"),
        (Draft((1,), "", _place(name="a" * 201)), "place.name"),
        (Draft((1,), "", _place(lat=90.1)), "place.lat"),
        (Draft((1,), "", _place(lat=math.nan)), "place.lat"),
        (Draft((1,), "", _place(lng=-180.1)), "place.lng"),
        (Draft((1,), "", _place(lng=math.inf)), "place.lng"),
    ],
)
def test_each_rule_names_the_field_that_breaks_it(draft: Draft, field: str) -> None:
    assert [fault.field for fault in faults_of(draft)] == [field]


def test_all_faults_are_told_at_once() -> None:
    draft = Draft((), "\x00", _place(name="", lat=100, lng=200))
    fields = [fault.field for fault in faults_of(draft)]
    assert fields == ["photo_ids", "caption", "place.name", "place.lat", "place.lng"]
