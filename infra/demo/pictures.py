"""Draws pictures for the demo's posts: six kinds of scenes, which differ by seed."""

import io
import math
import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]

WIDTH, HEIGHT = 1200, 1500

# Each palette goes from dark to light.
_PALETTES: tuple[tuple[Colour, ...], ...] = (
    ((24, 32, 58), (71, 68, 111), (178, 98, 106), (238, 161, 112), (252, 222, 171)),
    ((16, 42, 54), (33, 87, 96), (86, 150, 141), (176, 201, 168), (243, 233, 205)),
    ((38, 20, 46), (101, 38, 79), (186, 65, 84), (238, 127, 87), (250, 206, 139)),
    ((20, 30, 34), (56, 82, 74), (118, 134, 92), (196, 182, 117), (243, 229, 182)),
    ((18, 26, 70), (46, 79, 140), (99, 146, 192), (173, 205, 216), (246, 240, 223)),
    ((44, 28, 24), (112, 62, 43), (186, 109, 63), (226, 170, 107), (249, 229, 193)),
    ((29, 24, 51), (84, 61, 120), (153, 105, 165), (221, 162, 181), (251, 226, 217)),
)


def draw_picture(kind: str, seed: int) -> bytes:
    """Return a JPEG of 1200 × 1500 pixels; equal arguments give equal pictures."""
    rng = random.Random(f"{kind}/{seed}")  # noqa: S311
    scene = _SCENES[kind](rng, rng.choice(_PALETTES))
    out = io.BytesIO()
    _with_grain(scene, rng).save(out, "JPEG", quality=88)
    return out.getvalue()


def _sea(rng: random.Random, palette: tuple[Colour, ...]) -> Image.Image:
    horizon = rng.randint(620, 950)
    picture = _gradient(palette[1], palette[4])
    sun_x, sun_y, radius = (
        rng.randint(250, 950),
        horizon - rng.randint(20, 260),
        rng.randint(50, 110),
    )
    picture = _glow(picture, (sun_x, sun_y), radius, palette[4])
    sea = _gradient(palette[2], palette[0]).resize((WIDTH, HEIGHT - horizon))
    picture.paste(sea, (0, horizon))
    draw = ImageDraw.Draw(picture)
    for step in range(90):
        y = horizon + 4 + step * step * (HEIGHT - horizon) // 8100
        half = rng.randint(6, 30) + step * 2
        x = sun_x + round(rng.gauss(0, 30 + step * 3))
        draw.line((x - half, y, x + half, y), fill=palette[4], width=1 + step // 22)
    return picture


def _hills(rng: random.Random, palette: tuple[Colour, ...]) -> Image.Image:
    picture = _gradient(palette[3], palette[4])
    picture = _glow(picture, (rng.randint(200, 1000), rng.randint(200, 500)), 70, palette[4])
    draw = ImageDraw.Draw(picture)
    layers = rng.randint(4, 6)
    for layer in range(layers):
        share = layer / (layers - 1)
        ridge = _ridge(rng, 560 + 170 * layer, 120 - 12 * layer)
        draw.polygon(
            [(0, HEIGHT), *ridge, (WIDTH, HEIGHT)], fill=_mix(palette[3], palette[0], share)
        )
    return picture


def _city(rng: random.Random, palette: tuple[Colour, ...]) -> Image.Image:
    picture = _gradient(palette[0], palette[2])
    picture = _glow(picture, (rng.randint(200, 1000), rng.randint(160, 420)), 60, palette[4])
    draw = ImageDraw.Draw(picture)
    for row in range(3):
        walls = _mix(_mix(palette[0], palette[1], 0.4), (8, 10, 20), row / 2)
        x = -rng.randint(0, 80)
        while x < WIDTH:
            wide, top = rng.randint(90, 210), rng.randint(520, 900) + row * 190
            draw.rectangle((x, top, x + wide, HEIGHT), fill=walls)
            _light_windows(draw, (x, top, wide), palette[4], rng)
            x += wide + rng.randint(0, 24)
    return picture


def _lights(rng: random.Random, palette: tuple[Colour, ...]) -> Image.Image:
    picture = _gradient(palette[0], palette[1])
    for _ in range(26):
        radius = rng.randint(40, 150)
        side = 2 * radius + 1
        disc = Image.new("L", (side, side), 0)
        box = (0, 0, side - 1, side - 1)
        ImageDraw.Draw(disc).ellipse(box, fill=rng.randint(50, 130), outline=rng.randint(120, 190))
        corner = (rng.randint(-radius, WIDTH - radius), rng.randint(-radius, HEIGHT - radius))
        picture.paste(Image.new("RGB", (side, side), rng.choice(palette[2:])), corner, disc)
    return picture.filter(ImageFilter.BoxBlur(2))


def _tiles(rng: random.Random, palette: tuple[Colour, ...]) -> Image.Image:
    picture = Image.new("RGB", (WIDTH, HEIGHT), palette[4])
    draw = ImageDraw.Draw(picture)
    side = rng.choice((150, 300))
    corners = ((0, 0, 0), (side, 0, 90), (side, side, 180), (0, side, 270))
    for top in range(0, HEIGHT, side):
        for left in range(0, WIDTH, side):
            draw.rectangle((left, top, left + side, top + side), fill=rng.choice(palette))
            x, y, start = rng.choice(corners)
            for radius in (side, side * 2 // 3, side // 3):
                box = (left + x - radius, top + y - radius, left + x + radius, top + y + radius)
                draw.pieslice(box, start, start + 90, fill=rng.choice(palette))
    return picture


def _flower(rng: random.Random, palette: tuple[Colour, ...]) -> Image.Image:
    picture = _gradient(palette[1], palette[0])
    draw = ImageDraw.Draw(picture)
    x, y = rng.randint(480, 720), rng.randint(520, 720)
    draw.line((x, y, x + rng.randint(-120, 120), HEIGHT), fill=(72, 110, 72), width=18)
    rings = rng.randint(3, 5)
    petals = rng.randint(7, 13)
    for ring in range(rings):
        length = 420 * (1 - ring / (rings + 1))
        shade = _mix(palette[2], palette[4], ring / rings)
        for petal in range(petals):
            angle = 2 * math.pi * (petal + ring / 2) / petals
            draw.polygon(
                _petal((x, y), angle, length, math.pi / petals), fill=shade, outline=palette[1]
            )
    draw.ellipse((x - 60, y - 60, x + 60, y + 60), fill=palette[3], outline=palette[1], width=4)
    return picture


_SCENES: dict[str, Callable[[random.Random, tuple[Colour, ...]], Image.Image]] = {
    "sea": _sea,
    "hills": _hills,
    "city": _city,
    "lights": _lights,
    "tiles": _tiles,
    "flower": _flower,
}


def _gradient(top: Colour, bottom: Colour) -> Image.Image:
    # A narrow strip is mixed and then stretched, which is a tenth of the work.
    strip = (4, 256)
    mask = Image.linear_gradient("L").resize(strip)
    mixed = Image.composite(Image.new("RGB", strip, bottom), Image.new("RGB", strip, top), mask)
    return mixed.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)


def _glow(
    picture: Image.Image, centre: tuple[int, int], radius: int, colour: Colour
) -> Image.Image:
    # Drawn at a quarter of the size, because a blur costs by the pixel and hides the difference.
    mask = Image.new("L", (WIDTH // 4, HEIGHT // 4), 0)
    x, y, small = centre[0] // 4, centre[1] // 4, radius // 4
    draw = ImageDraw.Draw(mask)
    draw.ellipse((x - 3 * small, y - 3 * small, x + 3 * small, y + 3 * small), fill=110)
    mask = mask.filter(ImageFilter.GaussianBlur(small))
    ImageDraw.Draw(mask).ellipse((x - small, y - small, x + small, y + small), fill=240)
    picture.paste(colour, (0, 0), mask.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    return picture


def _ridge(rng: random.Random, height: int, swing: int) -> list[tuple[float, float]]:
    waves = [(rng.uniform(1, 6), rng.uniform(0, 6.3), rng.uniform(0.2, 1)) for _ in range(4)]
    return [
        (x, height - swing * sum(a * math.sin(f * x / 400 + p) for f, p, a in waves) / 2)
        for x in range(0, WIDTH + 12, 12)
    ]


def _light_windows(
    draw: ImageDraw.ImageDraw, house: tuple[int, int, int], colour: Colour, rng: random.Random
) -> None:
    left, top, wide = house
    for y in range(top + 22, HEIGHT, 44):
        for x in range(left + 16, left + wide - 22, 34):
            if rng.random() < 0.22:
                draw.rectangle((x, y, x + 14, y + 22), fill=colour)


def _petal(
    centre: tuple[int, int], angle: float, length: float, spread: float
) -> list[tuple[float, float]]:
    def at(turn: float, reach: float) -> tuple[float, float]:
        return (
            centre[0] + reach * math.cos(angle + turn),
            centre[1] + reach * math.sin(angle + turn),
        )

    return [
        at(0, 0),
        at(-spread, length * 0.55),
        at(-spread * 0.6, length * 0.85),
        at(0, length),
        at(spread * 0.6, length * 0.85),
        at(spread, length * 0.55),
    ]


def _mix(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _with_grain(picture: Image.Image, rng: random.Random) -> Image.Image:
    # Noise like a sensor's, from our own seed, because the library's noise takes none.
    noise = Image.frombytes("L", (300, 375), rng.randbytes(300 * 375))
    grain = noise.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR).point(lambda v: v // 24)
    return ImageChops.add(picture, Image.merge("RGB", (grain, grain, grain)), offset=-5)
