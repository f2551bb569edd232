"""Which posts a viewer gets, and their form."""

from pydantic import TypeAdapter

from services.gateway.views import posts
from tests.gateway.samples import ALICE, BOB, CAROL, LARGE_KEY, card, post


def url_of(key: str) -> str:
    return f"signed:{key}"


def test_a_post_has_the_public_shape() -> None:
    shown = posts.public_post(post(7, ALICE), {str(ALICE): card(ALICE)}, url_of)
    TypeAdapter(posts.Post).validate_python(shown, strict=True)
    assert shown["id"] == "7"
    assert shown["author"]["id"] == str(ALICE)
    assert shown["counts"] == {"likes": 12, "comments": 3}
    assert shown["viewer"] == {"liked": True, "saved": False}
    assert shown["photos"][0]["renditions"][0]["url"] == f"signed:{LARGE_KEY}"


def test_a_post_shows_its_version_but_no_rendition_keys() -> None:
    shown = posts.public_post(post(7, ALICE), {str(ALICE): card(ALICE)}, url_of)
    assert shown["version"] == 1
    assert "key" not in shown["photos"][0]["renditions"][0]


def test_posts_of_invisible_authors_are_left_out() -> None:
    page = [post(9, ALICE), post(8, BOB), post(7, CAROL), post(6, ALICE)]
    authors = {str(ALICE): card(ALICE), str(BOB): card(BOB, may_view=False)}
    assert [shown["id"] for shown in posts.public_posts(page, authors, url_of)] == ["9", "6"]


def test_muted_authors_leave_timelines_but_not_their_own_pages() -> None:
    page = [post(9, ALICE), post(8, BOB)]
    authors = {str(ALICE): card(ALICE, muting=True), str(BOB): card(BOB)}
    assert [shown["id"] for shown in posts.timeline_posts(page, authors, url_of)] == ["8"]
    assert [shown["id"] for shown in posts.public_posts(page, authors, url_of)] == ["9", "8"]
