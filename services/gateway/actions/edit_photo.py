"""Edits the viewer's photo, before and after publication."""

from collections.abc import Sequence
from typing import Any

from services.gateway.clients.feed import FeedClient
from services.gateway.clients.upload import UploadClient
from shared.contracts.photos import Photo
from shared.errors import Conflict

_PUBLISHED = "photo_already_published"


async def edit_photo(
    upload: UploadClient,
    feed: FeedClient,
    photo_id: int,
    said: dict[str, Any],
    viewer_id: int,
    versions: Sequence[int] | None,
) -> Photo:
    """Edit the photo and return it; errors of upload and feed pass through.

    Raises Conflict for another filter or crop of a published photo. A published photo's alternative
    text belongs to its post. Feed changes it there and tells upload a moment later, which then
    raises the photo's version.
    """
    try:
        return await upload.edit_photo(photo_id, said, viewer_id=viewer_id, versions=versions)
    except Conflict as conflict:
        if conflict.code != _PUBLISHED or said.keys() != {"alt_text"}:
            raise
        photo = await upload.photo(photo_id, viewer_id=viewer_id)
        post_id = photo.get("post_id")
        if post_id is None:
            # The photo is just being published, or was before upload recorded posts.
            raise
    change = {"alt_texts": {str(photo_id): said["alt_text"]}}
    await feed.edit_post(post_id, change, viewer_id=viewer_id, versions=None)
    return {**photo, "alt_text": said["alt_text"]}
