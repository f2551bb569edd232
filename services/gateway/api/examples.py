"""One small world for the examples of the public document: alice, bob and a foggy harbour."""

from typing import Any

from services.gateway.views import (
    activity,
    comments,
    exports,
    filters,
    people,
    photos,
    posts,
    reports,
    sessions,
)
from shared.contracts.accounts import DeletionReceipt
from shared.contracts.people import RelationshipReply, Relationships
from shared.contracts.posts import Liked, Saved

_MEDIA = "https://photos.example/media/renditions/493848221934518280"
_SIGNED = "?e=1777887600&s=N2mEzW9xqkS0oTgq1hXG5w"
_TIME = "2026-05-04T09:30:00.000Z"
_THUMBHASH = "3OcRJYB4d3h/iIeHeEh3eIhw+j2w"

_ALICE: people.User = {
    "id": "493848221934518272",
    "username": "alice",
    "display_name": "Alice Moreau",
    "bio": "Analogue things, mostly in the fog.",
    "website": "https://alice.example",
    "avatar": None,
    "is_private": False,
    "counts": {"posts": 42, "followers": 1200, "following": 180},
    "relationship": {
        "following": True,
        "followed_by": False,
        "requested": False,
        "blocking": False,
        "muting": False,
    },
    "created_at": "2025-11-02T17:05:12.310Z",
}
_ME: people.Me = {
    **_ALICE,
    "relationship": {
        "following": False,
        "followed_by": False,
        "requested": False,
        "blocking": False,
        "muting": False,
    },
    "email": "alice@mail.example",
}
_SESSION: sessions.Session = {
    "id": "493848221934518275",
    "access_token": "rta_8dK2mPq0.1.c2lnbmF0dXJl",
    "access_expires_at": "2026-05-04T09:45:00.000Z",
    "refresh_token": "rtr_8dK2mPq0.1.cmVmcmVzaA",
    "refresh_expires_at": "2026-07-03T09:30:00.000Z",
}
_SIGNED_IN: sessions.SignedIn = {"user": _ME, "session": _SESSION}
_REFRESHED: sessions.RefreshedSession = {"session": _SESSION}
_DEVICES: sessions.Devices = {
    "items": [
        {
            "id": _SESSION["id"],
            "device": "Alice's phone",
            "created_at": _TIME,
            "last_seen_at": "2026-05-06T18:02:11.482Z",
            "is_current": True,
        }
    ]
}
_PERSON_PAGE: people.PersonPage = {
    "items": [
        {
            "id": "493848221934519040",
            "username": "bob",
            "display_name": "Bob Okafor",
            "avatar": None,
            "is_private": False,
        }
    ],
    "next_cursor": "WzQ5Mzg0ODIyMTkzNDUxOTA0MF0",
}
_RELATIONSHIP: RelationshipReply = {"relationship": _ALICE["relationship"]}

_DELETION_RECEIPT: DeletionReceipt = {
    "receipt_id": "6da7a3c1b000400.pW9v3Yw1rU0b2mC4xK7tZ5qLh8sNdE6g",
    "requested_at": _TIME,
    "users_finished_at": "2026-05-04T09:30:08.000Z",
    "feed_finished_at": None,
    "upload_finished_at": None,
    "finished": False,
}
_EXPORT_REPLY: exports.ExportReply = {
    "export": {
        "id": "493848221934518275",
        "state": "ready",
        "requested_at": _TIME,
        "ready_at": "2026-05-04T09:31:00.000Z",
        "expires_at": "2026-05-11T09:31:00.000Z",
        "bytes": 18200441,
        "url": f"https://photos.example/media/archives/493848221934518275.zip{_SIGNED}",
    }
}
_RELATIONSHIPS: Relationships = {
    "relationships": {_ALICE["id"]: _ALICE["relationship"]},
}

_RENDITIONS: list[photos.Rendition] = [
    {
        "name": "large",
        "width": 1080,
        "height": 1440,
        "url": f"{_MEDIA}/large-9f86d081884c7d65.jpg{_SIGNED}",
        "content_type": "image/jpeg",
        "bytes": 182044,
    },
    {
        "name": "thumb",
        "width": 150,
        "height": 150,
        "url": f"{_MEDIA}/thumb-2c26b46b68ffc68f.jpg{_SIGNED}",
        "content_type": "image/jpeg",
        "bytes": 6120,
    },
]
_PHOTO: photos.Photo = {
    "id": "493848221934518280",
    "state": "ready",
    "failure": None,
    "width": 3024,
    "height": 4032,
    "thumbhash": _THUMBHASH,
    "alt_text": "",
    "filter": None,
    "crop": None,
    "renditions": _RENDITIONS,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_at": _TIME,
}
_PHOTO_REPLY: photos.PhotoReply = {
    "photo": {
        **_PHOTO,
        "state": "processing",
        "width": None,
        "height": None,
        "thumbhash": None,
        "renditions": [],
    }
}
_POST: posts.Post = {
    "id": "493848221934518291",
    "author": {
        "id": _ALICE["id"],
        "username": "alice",
        "display_name": "Alice Moreau",
        "avatar": None,
    },
    "photos": [
        {
            "id": _PHOTO["id"],
            "width": 3024,
            "height": 4032,
            "thumbhash": _THUMBHASH,
            "alt_text": "",
            "renditions": _RENDITIONS,
        }
    ],
    "caption": "Fog over the harbour with @bob #morning",
    "hashtags": ["morning"],
    "mentions": ["bob"],
    "place": {"name": "Old harbour", "lat": 53.5436, "lng": 9.9668},
    "created_at": _TIME,
    "edited_at": None,
    "counts": {"likes": 12, "comments": 3},
    "viewer": {"liked": True, "saved": False},
}
_POST_REPLY: posts.PostReply = {"post": _POST}
_POST_PAGE: posts.PostPage = {"items": [_POST], "next_cursor": "WzQ5Mzg0ODIyMTkzNDUxODI5MV0"}
_HOME_PAGE: posts.HomePage = {
    "items": [_POST],
    "next_cursor": "WzQ5Mzg0ODIyMTkzNDUxODI5MV0",
    "completeness": "complete",
}
_COMMENT: comments.Comment = {
    "id": "493848221934518310",
    "post_id": _POST["id"],
    "author": {
        "id": "493848221934519040",
        "username": "bob",
        "display_name": "Bob Okafor",
        "avatar": None,
    },
    "text": "@alice I can hear the horns #fog",
    "hashtags": ["fog"],
    "mentions": ["alice"],
    "reply_to": None,
    "created_at": _TIME,
    "counts": {"likes": 2},
    "viewer": {"liked": False},
}
_COMMENT_REPLY: comments.CommentReply = {"comment": _COMMENT}
_COMMENT_PAGE: comments.CommentPage = {
    "items": [_COMMENT],
    "next_cursor": "WzQ5Mzg0ODIyMTkzNDUxODMxMF0",
}
_ACTIVITY_PAGE: activity.ActivityPage = {
    "items": [
        {
            "id": "493848221934540000",
            "kind": "like",
            "actors": [_COMMENT["author"]],
            "actor_count": 12,
            "post": {"id": _POST["id"], "thumb": _RENDITIONS[1]["url"]},
            "comment": None,
            "happened_at": _TIME,
            "seen": False,
        }
    ],
    "next_cursor": None,
    "unseen_count": 1,
}
_TAGS: posts.Tags = {"items": [{"name": "morning", "post_count": 1204}], "next_cursor": None}
_SAVED: Saved = {"saved": True}
_LIKED: Liked = {"liked": True, "like_count": 12}

_FILTERS: filters.Filters = {
    "plain_url": "https://retrato.example/media/filters/plain-d47a8bc7a7632f25.jpg",
    "filters": [
        {
            "name": "harbour",
            "title": "Harbour",
            "sample_url": "https://retrato.example/media/filters/harbour-b33a1bc7a7632f25.jpg",
        }
    ],
}

_REPORT_REPLY: reports.ReportReply = {
    "report": {
        "id": "493848221934531000",
        "subject": {"kind": "post", "id": "493848221934518272"},
        "reason": "spam",
        "note": "The same picture as yesterday.",
        "created_at": "2026-05-04T10:02:00.000Z",
    }
}

# By the name of the schema that each is an example of.
EXAMPLES: dict[str, Any] = {
    "User": _ALICE,
    "Me": _ME,
    "SignedIn": _SIGNED_IN,
    "RefreshedSession": _REFRESHED,
    "DeletionReceipt": _DELETION_RECEIPT,
    "ExportReply": _EXPORT_REPLY,
    "Devices": _DEVICES,
    "Relationships": _RELATIONSHIPS,
    "PersonPage": _PERSON_PAGE,
    "RelationshipReply": _RELATIONSHIP,
    "Photo": _PHOTO,
    "PhotoReply": _PHOTO_REPLY,
    "Filters": _FILTERS,
    "Post": _POST,
    "PostReply": _POST_REPLY,
    "PostPage": _POST_PAGE,
    "HomePage": _HOME_PAGE,
    "Tags": _TAGS,
    "Liked": _LIKED,
    "Saved": _SAVED,
    "ActivityPage": _ACTIVITY_PAGE,
    "Comment": _COMMENT,
    "CommentReply": _COMMENT_REPLY,
    "CommentPage": _COMMENT_PAGE,
    "ReportReply": _REPORT_REPLY,
}
