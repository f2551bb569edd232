"""A zip of documents is complete for any number and size of pieces."""

import io
import zipfile

import orjson

from services.users.store.archive_file import ArchiveFile


async def test_the_pieces_of_a_document_become_one_array() -> None:
    async with ArchiveFile() as archive:
        await archive.add("profile", [{"id": 1, "avatar_key": "a"}])
        await archive.add("posts", [])
        await archive.add("posts", [{"id": 2}, {"id": 3}])
        await archive.add("posts", [{"id": 4}])
        await archive.add("likes", [])
        await archive.add_text("README.md", "Yours")
        size = await archive.finish()
        content = b"".join([chunk async for chunk in archive.chunks()])
    assert len(content) == size
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        said = {
            name: orjson.loads(read.read(name)) for name in read.namelist() if name != "README.md"
        }
        assert read.read("README.md") == b"Yours"
    assert said == {
        "profile.json": [{"id": "1"}],
        "posts.json": [{"id": "2"}, {"id": "3"}, {"id": "4"}],
        "likes.json": [],
    }
