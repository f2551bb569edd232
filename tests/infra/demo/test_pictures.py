"""The demo draws its own pictures."""

import io

import pytest
from PIL import Image

from infra.demo.pictures import HEIGHT, WIDTH, draw_picture
from infra.demo.vocabulary import CAPTIONS, PLACES


@pytest.mark.parametrize("kind", CAPTIONS)
def test_every_kind_is_a_jpeg_that_is_the_same_each_time(kind: str) -> None:
    picture = draw_picture(kind, 1)
    assert picture == draw_picture(kind, 1)
    with Image.open(io.BytesIO(picture)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (WIDTH, HEIGHT))


def test_another_seed_is_another_picture() -> None:
    assert len({draw_picture("tiles", seed) for seed in range(5)}) == 5


def test_every_kind_has_places() -> None:
    assert PLACES.keys() == CAPTIONS.keys()
