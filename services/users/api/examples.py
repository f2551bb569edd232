"""Replies as they may look, for the OpenAPI document."""

RELATIONSHIP = {
    "following": True,
    "followed_by": False,
    "requested": False,
    "blocking": False,
    "muting": False,
}
CARD = {
    "id": 493848221934518272,
    "username": "alice",
    "display_name": "Alice Moreau",
    "avatar_key": "renditions/493848221934518280/thumb-9f86d081884c7d65.jpg",
    "is_private": False,
    "may_view": True,
    "muting": False,
}
PROFILE = {
    **{name: value for name, value in CARD.items() if name != "muting"},
    "bio": "Analogue things, mostly in the fog.",
    "website": "https://alice.example",
    "followers_count": 1200,
    "following_count": 180,
    "relationship": RELATIONSHIP,
    "version": 3,
    "created_at": "2026-05-04T09:30:00.000Z",
}
OWN_PROFILE = {
    **PROFILE,
    "relationship": dict.fromkeys(RELATIONSHIP, False),
    "email": "alice@mail.example",
}
SESSION = {
    "id": 493848221934518273,
    "access_token": "rta_aZ8dK2mPq0.1.c2VhbGVkIGJ5IGEgc2VjcmV0",
    "access_expires_at": "2026-05-04T09:45:00.000Z",
    "refresh_token": "rtr_aZ8dK2mPq0.1.YW5vdGhlciBzZWFsIGhlcmUu",
    "refresh_expires_at": "2026-07-03T09:30:00.000Z",
}
SIGNED_IN = {"user": OWN_PROFILE, "session": SESSION}
SESSION_ANSWERS = {
    "answers": [
        {
            "state": "good",
            "session": {
                "user_id": 493848221934518272,
                "session_id": 493848221934518273,
                "expires_at_ms": 1777887900000,
            },
        },
        {"state": "ended", "session": None},
    ]
}
DEVICES = {
    "items": [
        {
            "id": 493848221934518273,
            "device": "Alice's phone",
            "created_at": "2026-05-04T09:30:00.000Z",
            "last_seen_at": "2026-05-06T18:02:11.482Z",
        }
    ]
}
PERSON_PAGE = {"items": [CARD], "next_cursor": "6da7a3c1b000400.6da7a3c1b000401"}
ID_PAGE = {
    "ids": [493848221934518272, 493848221934518401],
    "next_after": 493848221934518401,
    "total": None,
}
