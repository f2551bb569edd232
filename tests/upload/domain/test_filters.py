"""Filters change colours as named, and nothing else."""

import itertools

import pytest
from PIL import Image, ImageChops, ImageStat

from services.upload.domain.filter_samples import draw_samples
from services.upload.domain.filters import FILTERS, check_filter, filtered
from shared.errors import Invalid
from tests.upload.pictures import opened, photograph

NAMES = [known.name for known in FILTERS]


def _mean_change(before: Image.Image, after: Image.Image) -> float:
    difference = ImageChops.difference(before.convert("RGB"), after.convert("RGB"))
    return max(ImageStat.Stat(difference).mean)


def test_there_are_at_least_twelve_filters_with_unique_names() -> None:
    assert len(NAMES) >= 12
    assert len(set(NAMES)) == len({known.title for known in FILTERS}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_filter_changes_the_colours_and_not_the_size(name: str) -> None:
    plain = photograph(200, 150).convert("RGBX")
    changed = filtered(plain, name)
    assert (changed.size, changed.mode) == (plain.size, plain.mode)
    assert _mean_change(plain, changed) > 3


@pytest.mark.parametrize("name", ["ink", "silver"])
def test_black_and_white_has_no_colour(name: str) -> None:
    red, green, blue = filtered(photograph(60, 40).convert("RGB"), name).split()
    for first, second in ((red, green), (green, blue)):
        pairs = zip(first.tobytes(), second.tobytes(), strict=True)
        assert max(abs(a - b) for a, b in pairs) <= 2


def test_no_filter_swaps_light_and_dark() -> None:
    greys = Image.linear_gradient("L").resize((1, 64)).convert("RGB")
    for name in NAMES:
        levels = filtered(greys, name).convert("L").tobytes()
        assert all(below >= above - 1 for above, below in itertools.pairwise(levels))


def test_an_unknown_filter_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(Invalid) as refusal:
        check_filter("sepia")
    (error,) = refusal.value.errors
    assert error.field == "filter"
    assert all(name in error.fault.values["allowed"] for name in NAMES)


def test_every_filter_has_a_unique_sample() -> None:
    samples = draw_samples()
    assert [sample.name for sample in samples] == [None, *NAMES]
    assert len({sample.content for sample in samples}) == len(samples)
    assert {opened(sample.content).size for sample in samples} == {(320, 240)}
    assert [sample.file_name for sample in samples] == [one.file_name for one in draw_samples()]
