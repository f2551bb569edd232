"""The first copy of the photos has the store's marker, without which no restore starts."""

from infra.backups.photos import PhotoCopies
from infra.backups.place import place_of
from infra.holdings.store_marker import bucket_folder
from tests.suite import Suite


async def test_the_first_copy_of_the_photos_has_the_stores_marker(data_suite: Suite) -> None:
    copies = PhotoCopies(data_suite.on_disk, place_of(data_suite.on_disk))
    await copies.copy_new()
    assert "suite/marker.json" in await copies._sizes("kept:kept")


def test_nothing_is_written_behind_the_back_of_a_running_store(data_suite: Suite) -> None:
    marker = bucket_folder(data_suite.on_disk) / "suite" / "marker.json"
    before = marker.read_bytes()
    data_suite.bring_up(data_only=True)
    assert marker.read_bytes() == before
