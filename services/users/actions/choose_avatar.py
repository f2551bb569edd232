"""Claims the photo chosen as an avatar and finds its rendition's key."""

from collections.abc import Mapping
from typing import Any

from services.users.clients.upload import UploadClient
from services.users.domain.avatars import avatar_key_of
from shared.errors import FieldError, Invalid, NotFound
from shared.faults import fault


async def choose_avatar(
    upload: UploadClient, user_id: int, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The changes, with `avatar_key` added if they hold `avatar_photo_id`.

    Reserves the photo. Raises Invalid if it is not the person's own. Raises Conflict with upload's
    code if it is not ready, failed or is in a post.
    """
    if "avatar_photo_id" not in changes:
        return dict(changes)
    photo_id = changes["avatar_photo_id"]
    if photo_id is None:
        return {**changes, "avatar_key": None}
    try:
        photo = await upload.claim_avatar(user_id, photo_id)
    except NotFound:
        refused = FieldError("avatar_photo_id", fault("no_such_photo", id=photo_id))
        raise Invalid(errors=[refused]) from None
    return {**changes, "avatar_key": avatar_key_of(photo["renditions"])}
