"""One real photo all the way: from alice's camera to bob's home timeline."""

import io
import random

import pytest
from PIL import Image, ImageChops

from tests.journeys.phone import Phone, picture

ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F
_NOISE = 16


def upright_corner_of(jpeg: bytes) -> tuple[int, int, int]:
    with Image.open(io.BytesIO(jpeg)) as image:
        pixel = image.convert("RGB").getpixel((image.width - 8, 8))
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    return red, green, blue


def twelve_megapixels_lying_on_the_side() -> bytes:
    """A camera held upright: the sensor's picture is sideways, and EXIF says how to turn it.

    The top left of the sensor's picture is red; turned upright, that is the top right. Noise makes
    it as large as a phone's picture, some 3 MB.
    """
    with Image.open(io.BytesIO(picture(4032, 3024))) as smooth:
        image = ImageChops.add(smooth, _noise(smooth.size), offset=-_NOISE // 2)
        image.paste((255, 0, 0), (0, 0, 600, 600))
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        exif[MAKE] = "Camera of Alice"
        exif[GPS] = {1: "N", 2: (53.0, 32.0, 0.0), 3: "E", 4: (9.0, 58.0, 0.0)}
        out = io.BytesIO()
        image.save(out, "JPEG", quality=92, exif=exif, comment=b"a private remark")
    return out.getvalue()


def _noise(size: tuple[int, int]) -> Image.Image:
    levels = random.Random(1).randbytes(size[0] * size[1])
    noise = Image.frombytes("L", size, levels).point(lambda level: level * _NOISE // 255)
    return Image.merge("RGB", (noise, noise, noise))


@pytest.fixture(scope="module")
def original() -> bytes:
    return twelve_megapixels_lying_on_the_side()


async def test_a_photo_reaches_a_follower_upright_and_without_its_metadata(
    alice: Phone, bob: Phone, original: bytes
) -> None:
    await bob.follow(alice)
    assert await bob.home() == []
    post = await alice.publish(await alice.upload(original), caption="Fog #morning")
    seen = await bob.sees(post["id"])
    assert seen["author"]["username"] == alice.username
    assert (seen["caption"], seen["hashtags"]) == ("Fog #morning", ["morning"])

    (photo,) = seen["photos"]
    assert (photo["width"], photo["height"]) == (3024, 4032)
    sizes = {r["name"]: (r["width"], r["height"]) for r in photo["renditions"]}
    assert sizes == {
        "large": (1080, 1440),
        "medium": (640, 853),
        "small": (320, 427),
        "thumb": (150, 150),
    }
    assert sum(r["bytes"] for r in photo["renditions"]) <= 0.15 * len(original)
    for rendition in photo["renditions"]:
        reply = await bob.http.get(rendition["url"])
        assert reply.status_code == 200
        assert len(reply.content) == rendition["bytes"]
        assert b"Exif" not in reply.content
        assert b"private remark" not in reply.content
        if rendition["name"] != "thumb":
            red, green, blue = upright_corner_of(reply.content)
            assert red > 200
            assert max(green, blue) < 60


async def test_the_author_sees_the_post_everywhere_too(alice: Phone) -> None:
    await alice.home()
    post = await alice.post()
    assert (await alice.sees(post["id"]))["id"] == post["id"]
    own = await alice.get(f"/v1/users/{alice.id}/posts")
    assert [item["id"] for item in own["items"]] == [post["id"]]
    assert await alice.get(f"/v1/posts/{post['id']}") == own["items"][0]
    assert (await alice.get("/v1/me"))["counts"]["posts"] == 1


async def test_a_form_works_like_raw_bytes(alice: Phone) -> None:
    reply = await alice.http.post(
        "/v1/photos", files={"file": ("fog.jpg", picture(), "image/jpeg")}
    )
    assert reply.status_code == 202
    post = await alice.publish(reply.json()["photo"]["id"])
    assert len(post["photos"]) == 1


async def test_ten_photos_keep_their_order(alice: Phone) -> None:
    ids = [await alice.upload(picture(200, 250)) for _ in range(10)]
    post = await alice.publish(*ids)
    assert [photo["id"] for photo in post["photos"]] == ids


async def test_a_later_follower_finds_older_posts(alice: Phone, bob: Phone) -> None:
    await bob.home()
    post = await alice.post()
    await bob.follow(alice)
    await bob.sees(post["id"])


async def test_bytes_that_are_no_picture_are_refused(alice: Phone) -> None:
    reply = await alice.http.post(
        "/v1/photos", content=b"GIF? No: just words.", headers={"Content-Type": "image/jpeg"}
    )
    assert reply.status_code in {415, 422}
    assert reply.headers["content-type"] == "application/problem+json"


async def test_a_body_over_the_limit_is_refused(alice: Phone) -> None:
    reply = await alice.http.post(
        "/v1/photos",
        content=b"\xff\xd8\xff" + bytes(22_000_000),
        headers={"Content-Type": "image/jpeg"},
    )
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
