"""Photos as clients see them."""

from pydantic import TypeAdapter

from services.gateway.views import photos
from tests.gateway.samples import LARGE_KEY
from tests.gateway.samples import photo as sample


def test_a_photo_has_the_public_shape() -> None:
    shown = photos.public_photo(sample(), lambda key: f"signed:{key}")
    TypeAdapter(photos.Photo).validate_python(shown, strict=True)
    assert shown["id"] == "501"
    assert shown["renditions"][0]["url"] == f"signed:{LARGE_KEY}"
    assert "owner_id" not in shown
