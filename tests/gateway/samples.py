"""Sample replies of the services: alice (1001), bob (1002), carol (1003) and their posts."""

from shared.contracts.people import Card, Profile, SignedIn
from shared.contracts.photos import Photo, PhotoSnapshot, Rendition
from shared.contracts.posts import Comment, Post
from shared.http_server.examples import example_of

ALICE, BOB, CAROL = 1001, 1002, 1003
NAMES = {ALICE: "alice", BOB: "bob", CAROL: "carol"}
AVATAR_KEY = "renditions/77/thumb-00112233445566aa.jpg"
LARGE_KEY = "renditions/501/large-9f86d081884c7d65.jpg"


def card(user_id: int, *, may_view: bool = True, muting: bool = False) -> Card:
    return {
        "id": user_id,
        "username": NAMES[user_id],
        "display_name": NAMES[user_id].title(),
        "avatar_key": AVATAR_KEY if user_id == ALICE else None,
        "is_private": not may_view,
        "may_view": may_view,
        "muting": muting,
    }


def cards(*user_ids: int) -> dict[str, dict[str, Card]]:
    return {"cards": {str(user_id): card(user_id) for user_id in user_ids}}


def profile(user_id: int) -> Profile:
    return {
        "id": user_id,
        "username": NAMES[user_id],
        "display_name": NAMES[user_id].title(),
        "bio": "",
        "website": "",
        "avatar_key": AVATAR_KEY,
        "is_private": False,
        "may_view": True,
        "followers_count": 3,
        "following_count": 2,
        "relationship": {
            "following": True,
            "followed_by": False,
            "requested": False,
            "blocking": False,
            "muting": False,
        },
        "version": 4,
        "created_at": "2026-01-02T03:04:05.678Z",
    }


def own_profile(user_id: int) -> Profile:
    return {**profile(user_id), "email": f"{NAMES[user_id]}@mail.example"}


def signed_in(user_id: int) -> SignedIn:
    return {
        "user": own_profile(user_id),
        "session": {
            "id": 9001,
            "access_token": "rta_x",
            "access_expires_at": "2026-01-02T03:19:05.678Z",
            "refresh_token": "rtr_x",
            "refresh_expires_at": "2026-03-02T03:04:05.678Z",
        },
        "device_token": "rtd_x",
    }


def rendition() -> Rendition:
    return {
        "name": "large",
        "width": 1080,
        "height": 1440,
        "key": LARGE_KEY,
        "content_type": "image/jpeg",
        "bytes": 1234,
    }


def snapshot() -> PhotoSnapshot:
    return {
        "id": 501,
        "width": 3024,
        "height": 4032,
        "thumbhash": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
        "alt_text": "",
        "renditions": [rendition()],
    }


def photo() -> Photo:
    return {
        "id": 501,
        "owner_id": ALICE,
        "state": "ready",
        "failure": None,
        "width": 3024,
        "height": 4032,
        "thumbhash": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
        "alt_text": "",
        "filter": None,
        "version": 1,
        "crop": None,
        "renditions": [rendition()],
        "sha256": "9f" * 32,
        "post_id": None,
        "created_at": "2026-01-02T03:04:05.678Z",
    }


def post(post_id: int, author_id: int) -> Post:
    made: Post = example_of(Post)
    return {**made, "id": post_id, "author_id": author_id, "photos": [snapshot()]}


def comment(
    comment_id: int, post_id: int, writer_id: int, parent_writer_id: int | None = None
) -> Comment:
    return {
        "id": comment_id,
        "post_id": post_id,
        "writer_id": writer_id,
        "reply_to": None if parent_writer_id is None else 8000,
        "parent_writer_id": parent_writer_id,
        "text": "Lovely #fog",
        "hashtags": ["fog"],
        "mentions": [],
        "entities": [{"kind": "hashtag", "start": 7, "end": 11, "tag": "fog"}],
        "created_at": "2026-01-02T03:04:05.678Z",
        "like_count": 2,
        "liked": True,
    }
