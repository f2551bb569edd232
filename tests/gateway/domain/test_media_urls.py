"""Signed addresses: what nginx checks, and how long they stay the same."""

import hashlib
import re
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.media_urls import MediaUrls

KEY = "renditions/501/large-9f86d081884c7d65.jpg"
MEDIA = MediaUrls("http://photos.example", "secret", 600)


def expiry(url: str) -> int:
    return int(parse_qs(urlsplit(url).query)["e"][0])


def ends_at_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["t"][0]


def test_an_address_is_signed_as_nginx_checks_it() -> None:
    url = urlsplit(MEDIA.speller_at(1_000_000)(KEY))
    signed = f"{expiry(url.geturl())}{url.path}{ends_at_of(url.geturl())} secret".encode()
    expected = urlsafe_b64encode(hashlib.md5(signed).digest()).decode().rstrip("=")
    assert url.path == f"/media/{KEY}"
    assert parse_qs(url.query)["s"] == [expected]


@given(st.floats(min_value=0, max_value=4e9))
def test_an_address_is_valid_for_between_half_and_the_whole_lifetime(now_s: float) -> None:
    left_s = expiry(MEDIA.speller_at(now_s)(KEY)) - now_s
    assert 300 < left_s <= 600


@given(st.floats(min_value=0, max_value=4e9))
def test_the_time_of_day_is_that_of_the_first_second_after_the_expiry(now_s: float) -> None:
    url = MEDIA.speller_at(now_s)(KEY)
    hours, minutes, seconds = (int(part) for part in re.findall(r"\d\d", ends_at_of(url)))
    assert (hours * 60 + minutes) * 60 + seconds == (expiry(url) + 1) % 86_400


def test_all_replies_of_a_window_give_the_same_address() -> None:
    start_s = 300 * 4000
    first, last, next_one = (MEDIA.speller_at(start_s + after)(KEY) for after in (0, 299.9, 300))
    assert first == last
    assert next_one != first


def test_another_key_gives_another_signature() -> None:
    other = MediaUrls("http://photos.example", "another secret", 600)
    assert MEDIA.speller_at(0)(KEY) != other.speller_at(0)(KEY)


def test_a_lifetime_of_a_second_still_has_a_window() -> None:
    assert expiry(MediaUrls("", "secret", 1).speller_at(10.5)(KEY)) > 10.5
