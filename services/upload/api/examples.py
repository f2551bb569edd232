"""Bodies as they may look, for the OpenAPI document."""

from typing import Any

PHOTO_ID = 493848221934518272
OWNER_ID = 493848109310902272
POST_ID = 493848231009943552
_LARGE = {
    "name": "large",
    "width": 1080,
    "height": 1440,
    "key": f"renditions/{PHOTO_ID}/large-d47a8bc7a7632f25.jpg",
    "content_type": "image/jpeg",
    "bytes": 182044,
}

SNAPSHOT: dict[str, Any] = {
    "id": PHOTO_ID,
    "width": 3024,
    "height": 4032,
    "thumbhash": "H/gNNQx/eHeIh4eHh4h4d3B3+Hh4",
    "alt_text": "",
    "renditions": [_LARGE],
}
PROCESSING: dict[str, Any] = {
    "id": PHOTO_ID,
    "owner_id": OWNER_ID,
    "state": "processing",
    "failure": None,
    "width": None,
    "height": None,
    "thumbhash": None,
    "alt_text": "",
    "filter": None,
    "crop": None,
    "renditions": [],
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_at": "2026-05-04T09:30:00.000Z",
}
READY: dict[str, Any] = {**PROCESSING, **SNAPSHOT, "state": "ready"}
ARCHIVE: dict[str, Any] = {
    "state": "ready",
    "key": f"archives/{OWNER_ID}.zip",
    "bytes": 18200441,
    "ready_at": "2026-05-04T09:31:00.000Z",
    "expires_at": "2026-05-11T09:31:00.000Z",
}
UPLOAD: dict[str, Any] = {
    "id": PHOTO_ID,
    "offset": 1048576,
    "length": 3192044,
    "metadata": "filename Zm9nLmpwZw==",
    "expires_at": "2026-05-05T09:30:00.000Z",
    "photo": None,
}
FILTERS: dict[str, Any] = {
    "plain": "plain-d47a8bc7a7632f25.jpg",
    "filters": [{"name": "harbour", "title": "Harbour", "file": "harbour-b33a1bc7a7632f25.jpg"}],
}
CLAIMED: dict[str, Any] = {"photos": [SNAPSHOT]}
