"""Edits: drawn from the unedited photo, changeable until published."""

import io
from typing import Any

import pytest
from PIL import Image

from services.upload.actions.claim_photos import claim_photos
from services.upload.actions.confirm_photos import confirm_photos
from services.upload.actions.discard_photo import discard_photo
from services.upload.actions.edit_photo import PhotoChange, edit_photo
from services.upload.actions.process_photo import process_photo
from services.upload.actions.tidy_photo import tidy_photo
from services.upload.clients.workshop import Workshop
from services.upload.domain.photos import PhotoAlreadyPublished, PhotoNotReady, StoredPhoto
from services.upload.resources import Resources
from services.upload.store.objects import rendition_key
from services.upload.store.photos import find_photo
from shared.contracts.photos import Crop
from shared.errors import Invalid, PreconditionFailed
from shared.sharding.shard_group import ShardGroup
from tests.upload.cast import Cast, new_id
from tests.upload.pictures import BLUE, GREEN, RED, four_corners, jpeg

UPPER_RIGHT: Crop = {"x": 0.5, "y": 0.0, "width": 0.5, "height": 0.5}


class Owner:
    """A person with a photo of four colours."""

    def __init__(self, resources: Resources, workshop: Workshop) -> None:
        self.id = new_id()
        self.photo_id = 0
        self._resources = resources
        self._group = resources.group
        self._workshop = workshop

    async def asks_for(self, **said: Any) -> None:
        """Request an edit, which is then still to be drawn."""
        change = PhotoChange(frozenset(said), filter_name=said.get("filter"), crop=said.get("crop"))
        await edit_photo(self._group, self.id, self.photo_id, change)

    async def draws(self) -> StoredPhoto:
        """Draw it as the worker does."""
        objects = self._resources.objects
        await process_photo(self._group, objects, self._workshop, self.photo_id)
        await self.tidies()
        return await self.photo()

    async def tidies(self) -> None:
        resources = self._resources
        await tidy_photo(self._group, resources.objects, resources.caches, self.photo_id)

    async def edits(self, **said: Any) -> StoredPhoto:
        await self.asks_for(**said)
        return await self.draws()

    async def photo(self) -> StoredPhoto:
        photo = await find_photo(self._group, self.photo_id)
        assert photo is not None
        return photo

    async def publishes(self) -> None:
        await claim_photos(self._group, self.id, [self.photo_id], "post/1", 0)
        await confirm_photos(self._group, self.id, [self.photo_id], "post/1", new_id())
        await self.tidies()

    async def stored_keys(self) -> set[str]:
        listed, _ = await self._resources.objects.page(rendition_key(self.photo_id, ""), "", 100)
        return {found.key for found in listed}

    async def picture(self, name: str) -> Image.Image:
        key = next(s["key"] for s in (await self.photo()).renditions if s["name"] == name)
        content = bytearray()
        await self._resources.objects.read(key, content.extend)
        return Image.open(io.BytesIO(bytes(content)))


@pytest.fixture
async def alice(resources: Resources, workshop: Workshop, cast: Cast) -> Owner:
    owner = Owner(resources, workshop)
    owner.photo_id = (await cast.has_photo(owner.id, jpeg(four_corners(1600, 1200)))).id
    return owner


def _keys(photo: StoredPhoto) -> set[str]:
    return {said["key"] for said in photo.renditions}


def _is_near(found: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 24 for a, b in zip(found, colour, strict=True))


async def test_a_crop_applies_to_every_size(alice: Owner) -> None:
    photo = await alice.edits(crop=UPPER_RIGHT)
    assert (photo.state, photo.width, photo.height) == ("ready", 800, 600)
    sizes = {said["name"]: (said["width"], said["height"]) for said in photo.renditions}
    assert sizes == {
        "large": (540, 405),
        "medium": (540, 405),
        "small": (320, 240),
        "thumb": (150, 150),
    }
    for name in sizes:
        picture = await alice.picture(name)
        for place in ((10, 10), (picture.width - 10, picture.height - 10)):
            assert _is_near(picture.getpixel(place), GREEN)


async def test_a_filter_colours_every_size_and_keeps_the_whole_picture(alice: Owner) -> None:
    before = await alice.photo()
    photo = await alice.edits(filter="ink")
    assert (photo.width, photo.height) == (before.width, before.height)
    assert photo.thumbhash != before.thumbhash
    for name in ("large", "medium", "small", "thumb"):
        red, green, blue = (await alice.picture(name)).resize((8, 8)).split()
        for one, other in ((red, green), (green, blue)):
            pairs = zip(one.tobytes(), other.tobytes(), strict=True)
            assert max(abs(a - b) for a, b in pairs) <= 8


async def test_each_edit_is_drawn_from_the_unedited_picture(
    alice: Owner,
) -> None:
    first = await alice.edits(filter="fog")
    await alice.edits(filter="ink", crop=UPPER_RIGHT)
    again = await alice.edits(filter="fog", crop=None)
    assert _keys(again) == _keys(first)


async def test_fields_left_out_stay(alice: Owner) -> None:
    await alice.edits(crop=UPPER_RIGHT)
    photo = await alice.edits(filter="fog")
    assert (photo.filter, photo.crop) == ("fog", UPPER_RIGHT)
    photo = await alice.edits(crop=None)
    assert (photo.filter, photo.crop) == ("fog", None)


async def test_removing_an_edit_restores_the_photo_at_once(alice: Owner) -> None:
    before = await alice.photo()
    await alice.edits(filter="dusk", crop=UPPER_RIGHT)
    await alice.asks_for(filter=None, crop=None)
    after = await alice.photo()
    assert after.state == "ready"
    assert (after.renditions, after.thumbhash) == (before.renditions, before.thumbhash)
    await alice.draws()
    assert await alice.stored_keys() == _keys(before)


async def test_only_renditions_of_former_edits_are_deleted(alice: Owner) -> None:
    plain = _keys(await alice.photo())
    await alice.edits(filter="dusk")
    latest = await alice.edits(filter="fern")
    assert await alice.stored_keys() == plain | _keys(latest)
    await alice.publishes()
    assert await alice.stored_keys() == _keys(latest)
    assert (await alice.photo()).plain is None


async def test_of_two_concurrent_edits_the_later_one_is_shown(
    alice: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.asks_for(filter="dusk")
    drawn_late = await alice.photo()
    await alice.asks_for(filter="fern")

    async def as_it_was(_group: ShardGroup, _photo_id: int) -> StoredPhoto:
        return drawn_late

    with monkeypatch.context() as late:
        late.setattr("services.upload.actions.process_photo.find_photo", as_it_was)
        await alice.draws()
    assert (await alice.photo()).state == "processing"
    photo = await alice.draws()
    assert (photo.state, photo.filter) == ("ready", "fern")
    assert await alice.stored_keys() >= _keys(photo)


async def test_a_published_photo_keeps_its_edit(alice: Owner) -> None:
    await alice.edits(filter="fog")
    await alice.publishes()
    with pytest.raises(PhotoAlreadyPublished):
        await alice.asks_for(filter="ink")


async def test_a_photo_not_yet_processed_cannot_be_edited(
    alice: Owner, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.upload.actions.edit_photo._WAIT_MS_MAX", 50)
    alice.photo_id = (await cast.sends(alice.id))["id"]
    with pytest.raises(PhotoNotReady):
        await alice.asks_for(filter="fog")


async def test_an_invalid_edit_changes_nothing(alice: Owner) -> None:
    before = await alice.photo()
    for said in ({"filter": "sepia"}, {"crop": {**UPPER_RIGHT, "width": 0.8}}):
        with pytest.raises(Invalid):
            await alice.asks_for(**said)
    assert await alice.photo() == before
    assert _is_near((await alice.picture("large")).getpixel((10, 10)), RED)
    assert _is_near((await alice.picture("large")).getpixel((10, 800)), BLUE)


async def test_no_post_gets_a_photo_while_an_edit_is_drawn(alice: Owner) -> None:
    await alice.asks_for(filter="fog")
    with pytest.raises(PhotoNotReady):
        await alice.publishes()
    drawn = await alice.draws()
    await alice.publishes()
    assert await alice.stored_keys() == _keys(drawn)


async def test_a_version_can_be_changed_only_once(alice: Owner, resources: Resources) -> None:
    async def says(text: str, version: int) -> None:
        change = PhotoChange(frozenset({"alt_text"}), text, versions=[version])
        await edit_photo(resources.group, alice.id, alice.photo_id, change)

    await says("Fog", 1)
    with pytest.raises(PreconditionFailed):
        await says("Mist", 1)
    assert ((await alice.photo()).version, (await alice.photo()).alt_text) == (2, "Fog")
    # The same text is no change.
    await says("Fog", 2)
    await says("Mist", 2)
    assert (await alice.edits(crop=UPPER_RIGHT)).version == 4
    assert (await alice.edits(crop=None)).version == 5
    with pytest.raises(PreconditionFailed):
        await discard_photo(resources.group, alice.id, alice.photo_id, [4])
    await discard_photo(resources.group, alice.id, alice.photo_id, [5])
    assert await find_photo(resources.group, alice.photo_id) is None
