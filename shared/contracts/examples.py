"""A realistic example value per field name; the OpenAPI examples are made of them."""

from typing import Any

USER_ID = 493848221934518001
PHOTO_ID = 493848221934518100
POST_ID = 493848221934518272
SESSION_ID = 493848221934518275
REFRESH_TOKEN = "rtr_aZ8dK2mPq0.1.YW5vdGhlciBzZWFsIGhlcmUu"  # noqa: S105 - it is nobody's
TIME = "2026-05-04T09:30:00.000Z"
CURSOR = "WzQ5Mzg0ODIyMTkzNDUxODI3Ml0"

# Fields that are missing here get an example from their type and the ending of their name.
VALUES: dict[str, Any] = {
    "access_token": "rta_aZ8dK2mPq0.1.c2VhbGVkIGJ5IGEgc2VjcmV0",
    "alt_text": "A harbour in the fog",
    "avatar_key": None,
    "bio": "Analogue things, mostly in the fog.",
    "bytes": 182044,
    "caption": "Fog over the harbour with @bob #morning",
    "comment": None,
    "code": "402718",
    "content_type": "image/jpeg",
    "crop": None,
    "device": "Alice's phone",
    "device_token": "rtd_aZ8dK2mPq0.1.b25jZSBrbmV3IHRoZSBwYXNz",
    "display_name": "Bob Okafor",
    "document": "likes",
    "edited_at": None,
    "email": "alice@mail.example",
    "entities": [
        {"kind": "mention", "start": 26, "end": 30, "user_id": str(USER_ID)},
        {"kind": "hashtag", "start": 31, "end": 39, "tag": "morning"},
    ],
    "expires_at_ms": 1777887900000,
    "failure": None,
    "file": "harbour-b33a1bc7a7632f25.jpg",
    "filter": "harbour",
    "finished": True,
    "hashtags": ["morning"],
    "height": 1440,
    "key": f"renditions/{PHOTO_ID}/large-9f86d081884c7d65.jpg",
    "last_id": "1777887000123-0",
    "lat": 53.5436,
    "length": 3192044,
    "comment_count": 3,
    "like_count": 12,
    "liked": True,
    "link": "6da7a3c1b000400.b25lIG9mIGEga2luZCBmb3IgYSB3aGls",
    "lng": 9.9668,
    "mentions": ["bob"],
    "metadata": "filename Zm9nLmpwZw==",
    "name": "Old harbour",
    "note": "The same picture as yesterday.",
    "offset": 1048576,
    "email_is_verified": True,
    "parent_writer_id": None,
    "photos_max": 50_000,
    "photos_today_count": 12,
    "photos_today_max": 1_000,
    "plain": "plain-d47a8bc7a7632f25.jpg",
    "post_count": 1204,
    "receipt_id": "6da7a3c1b000400.pW9v3Yw1rU0b2mC4xK7tZ5qLh8sNdE6g",
    "refresh_token": REFRESH_TOKEN,
    "reply_to": None,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "text": "@alice I can hear the horns #fog",
    "thumb_key": f"renditions/{PHOTO_ID}/thumb-2c26b46b68ffc68f.jpg",
    "thumbhash": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
    "title": "Harbour",
    "total": None,
    "username": "bob",
    "version": 1,
    "website": "https://alice.example",
    "what": "like",
    "width": 1080,
    "x": 0.1,
    "y": 0.1,
}
