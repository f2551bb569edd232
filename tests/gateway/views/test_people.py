"""People as clients see them."""

from pydantic import TypeAdapter

from services.gateway.views import people
from tests.gateway.samples import ALICE, AVATAR_KEY, BOB, card, own_profile, profile


def url_of(key: str) -> str:
    return f"signed:{key}"


def test_a_profile_has_the_public_shape() -> None:
    shown = people.public_user(profile(ALICE), 42, url_of)
    TypeAdapter(people.User).validate_python(shown, strict=True)
    assert shown["id"] == str(ALICE)
    assert shown["counts"] == {"posts": 42, "followers": 3, "following": 2}
    assert shown["avatar"] == f"signed:{AVATAR_KEY}"


def test_a_profile_never_shows_the_email_address() -> None:
    assert "email" not in people.public_user(own_profile(ALICE), 42, url_of)


def test_the_viewers_own_profile_shows_the_email_address() -> None:
    shown = people.public_me(own_profile(ALICE), None, url_of)
    assert shown["email"] == "alice@mail.example"
    assert shown["counts"]["posts"] is None


def test_a_person_in_a_list_carries_no_privacy_decision() -> None:
    page = people.public_person_page({"items": [card(BOB)], "next_cursor": None}, url_of)
    assert page["items"][0].keys() == people.Person.__annotations__.keys()
