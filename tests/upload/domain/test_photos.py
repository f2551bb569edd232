"""A photo as its owner sees it never mixes two of its states."""

import pytest

from services.upload.domain.photos import StoredPhoto, photo_of
from shared.contracts.photos import PhotoState, Rendition

_DRAWN: Rendition = {
    "name": "large",
    "width": 4,
    "height": 3,
    "key": "renditions/1/large-0.jpg",
    "content_type": "image/jpeg",
    "bytes": 9,
}


def _stored(state: PhotoState) -> StoredPhoto:
    return StoredPhoto(
        id=1,
        owner_id=2,
        state=state,
        failure=None,
        width=4,
        height=3,
        thumbhash="AAAA",
        alt_text="",
        renditions=[_DRAWN],
        sha256=bytes(32),
        kind="JPEG",
        quarantine_key=None,
        claimant=None,
        filter="harbour",
        crop=None,
        plain=None,
        edits=1,
        version=2,
        post_id=None,
        is_taken=False,
    )


def test_while_an_edit_is_drawn_nothing_drawn_before_is_shown() -> None:
    photo = photo_of(_stored("processing"))
    assert photo["filter"] == "harbour"
    assert photo["renditions"] == []
    assert (photo["width"], photo["height"], photo["thumbhash"]) == (None, None, None)


@pytest.mark.parametrize("state", ["ready", "failed"])
def test_otherwise_a_photo_shows_what_it_has(state: PhotoState) -> None:
    photo = photo_of(_stored(state))
    assert photo["renditions"] == [_DRAWN]
    assert (photo["width"], photo["height"], photo["thumbhash"]) == (4, 3, "AAAA")
