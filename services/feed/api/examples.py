"""One believable value of each reply, for the OpenAPI document."""

from shared.contracts.activity import ActivityPage
from shared.contracts.people import Card, GraphEvent
from shared.contracts.posts import (
    Comment,
    CommentPage,
    HomePage,
    Liked,
    LikersPage,
    Post,
    PostCounts,
    PostPage,
    Saved,
    TagsFound,
)
from shared.contracts.reports import Report
from shared.contracts.stream import Listening, StreamEvents

POST: Post = {
    "id": 493848221934518272,
    "author_id": 493848221934518001,
    "photos": [
        {
            "id": 493848221934518100,
            "width": 3024,
            "height": 4032,
            "thumbhash": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
            "alt_text": "A harbour in the fog",
            "renditions": [
                {
                    "name": "large",
                    "width": 1080,
                    "height": 1440,
                    "key": "renditions/493848221934518100/large-9f86d081884c7d65.jpg",
                    "content_type": "image/jpeg",
                    "bytes": 183422,
                }
            ],
        }
    ],
    "caption": "Fog over the harbour with @bob #morning",
    "hashtags": ["morning"],
    "mentions": ["bob"],
    "place": {"name": "Old harbour", "lat": 53.5436, "lng": 9.9668},
    "created_at": "2026-05-04T09:30:00.000Z",
    "edited_at": None,
    "version": 1,
    "like_count": 12,
    "comment_count": 3,
    "liked": True,
    "saved": False,
}
CURSOR = "WzQ5Mzg0ODIyMTkzNDUxODI3Ml0"
POST_PAGE: PostPage = {"items": [POST], "next_cursor": CURSOR}
HOME_PAGE: HomePage = {"items": [POST], "next_cursor": CURSOR, "completeness": "complete"}
TAGS_FOUND: TagsFound = {
    "items": [{"name": "fog", "post_count": 1204, "author_ids": [493848221934518001]}]
}
LIKED: Liked = {"liked": True, "like_count": 13}
SAVED: Saved = {"saved": True}
LIKERS_PAGE: LikersPage = {
    "author_id": 493848221934518001,
    "ids": [493848221934518002],
    "next_cursor": "6da7a3c1b000400.6da7a3c1",
}
COMMENT: Comment = {
    "id": 493848221934530000,
    "post_id": 493848221934518272,
    "writer_id": 493848221934518002,
    "reply_to": None,
    "parent_writer_id": None,
    "text": "@alice I can hear the horns #fog",
    "hashtags": ["fog"],
    "mentions": ["alice"],
    "created_at": "2026-05-04T09:42:00.000Z",
    "like_count": 2,
    "liked": False,
}
REPORT: Report = {
    "id": 493848221934531000,
    "subject_kind": "post",
    "subject_id": 493848221934518272,
    "reason": "spam",
    "note": "The same picture as yesterday.",
    "created_at": "2026-05-04T10:02:00.000Z",
}
COMMENT_PAGE: CommentPage = {
    "author_id": 493848221934518001,
    "items": [COMMENT],
    "next_cursor": CURSOR,
}
POST_COUNTS: PostCounts = {"counts": {"493848221934518001": 42}}
GRAPH_EVENT: GraphEvent = {
    "id": 493848221934520000,
    "kind": "follow",
    "actor_id": 493848221934518002,
    "subject_id": 493848221934518001,
    "version": 493848221934519999,
}
LISTENING: Listening = {"known": [493848221934518002]}
STREAM_EVENTS: StreamEvents = {
    "events": [
        {"id": "1777887000123-0", "kind": "home", "viewer_ids": [493848221934518002]},
    ],
    "last_id": "1777887000123-0",
}
CARD: Card = {
    "id": 493848221934518002,
    "username": "bob",
    "display_name": "Bob Okafor",
    "avatar_key": None,
    "is_private": False,
    "may_view": True,
    "muting": False,
}
ACTIVITY_PAGE: ActivityPage = {
    "items": [
        {
            "id": 493848221934540000,
            "kind": "like",
            "actor_ids": [493848221934518002],
            "actor_count": 12,
            "post": {
                "id": 493848221934518272,
                "thumb_key": "renditions/493848221934518100/thumb-2c26b46b68ffc68f.jpg",
            },
            "comment": None,
            "happened_at": "2026-05-04T09:50:00.000Z",
            "seen": False,
        }
    ],
    "people": {"493848221934518002": CARD},
    "next_cursor": None,
    "unseen_count": 1,
}
