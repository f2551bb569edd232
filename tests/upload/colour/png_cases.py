"""PNGs of every colour type and depth, by what they say of colours and transparency."""

from collections.abc import Callable, Iterator, Sequence

from tests.upload.colour import icc_files, reference
from tests.upload.colour.png_files import chrm, cicp, gama, iccp, png_file, trns
from tests.upload.colour.reference import (
    ADOBE_XY,
    BT2020_XY,
    D50,
    D65,
    P3_XY,
    PROPHOTO_XY,
    SRGB_XY,
    Colour,
    Space,
    by_channel,
    power,
    srgb_light,
)
from tests.upload.colour.scene import (
    HEIGHT,
    WIDTH,
    Samples,
    Srgb,
    as_is,
    colour_at,
    colour_samples,
    eight_bits,
    grey_samples,
    quantised,
    shown,
)

PictureCase = tuple[str, Callable[[], bytes], Callable[[], bytes]]
Chunks = Sequence[tuple[bytes, bytes]]

GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
_NAMES = {GREY: "grey", COLOUR: "RGB", GREY_ALPHA: "grey and alpha", COLOUR_ALPHA: "RGBA"}

P3 = Space(P3_XY, D65, by_channel(srgb_light)).srgb
ADOBE = Space(ADOBE_XY, D65, by_channel(power(563 / 256))).srgb
PROPHOTO = Space(PROPHOTO_XY, D50, by_channel(power(461 / 256))).srgb
P3_PROFILE = icc_files.rgb_profile("Display P3", P3_XY, icc_files.srgb_formula())
ADOBE_PROFILE = icc_files.rgb_profile("wide", ADOBE_XY, icc_files.gamma_curve(563 / 256))
PROPHOTO_PROFILE = icc_files.rgb_profile("rgb", PROPHOTO_XY, icc_files.gamma_curve(461 / 256), D50)
LIAR_PROFILE = icc_files.rgb_profile("sRGB IEC61966-2.1", P3_XY, icc_files.srgb_formula())
SRGB_FORMULA = icc_files.rgb_profile("any name", SRGB_XY, icc_files.srgb_formula())
SRGB_TABLE = icc_files.rgb_profile("any name", SRGB_XY, icc_files.sampled_curve(srgb_light))


def grey_of(exponent: float) -> Srgb:
    """Grey of a pure gamma."""

    def srgb(code: Colour) -> Colour:
        level = reference.srgb_code(code[0] ** exponent)
        return level, level, level

    return srgb


def _matrix(primaries: Sequence[tuple[float, float]], curve: Callable[[float], float]) -> Srgb:
    return Space(primaries, D65, by_channel(curve)).srgb


def png_cases() -> Iterator[PictureCase]:
    """Name, file and what it should show."""
    yield from _plain()
    yield from _one_transparent_colour()
    yield from _palettes()
    yield from _gamma_and_primaries()
    yield from _profiles()
    yield from _code_points()


def _case(
    said: str,
    colour_type: int,
    depth: int,
    srgb: Srgb = as_is,
    chunks: Chunks = (),
    *,
    interlaced: bool = False,
) -> PictureCase:
    of_grey = colour_type in {GREY, GREY_ALPHA}
    with_alpha = colour_type in {GREY_ALPHA, COLOUR_ALPHA}
    samples = (grey_samples if of_grey else colour_samples)(depth, with_alpha=with_alpha)
    return (
        f"{_NAMES[colour_type]} {depth} bits, {said}",
        lambda: png_file(samples, colour_type, depth, chunks, interlaced=interlaced),
        lambda: shown(samples, depth, srgb),
    )


def _plain() -> Iterator[PictureCase]:
    for depth in (1, 2, 4, 8, 16):
        yield _case("without tags", GREY, depth)
    for colour_type in (COLOUR, GREY_ALPHA, COLOUR_ALPHA):
        for depth in (8, 16):
            yield _case("without tags", colour_type, depth)
    yield _case("interlaced", COLOUR, 8, interlaced=True)
    yield _case("interlaced", GREY, 16, interlaced=True)


def _one_transparent_colour() -> Iterator[PictureCase]:
    for depth in (1, 2, 4, 8, 16):
        yield _keyed(f"grey {depth} bits, one colour transparent", GREY, depth)
    for depth in (8, 16):
        yield _keyed(f"RGB {depth} bits, one colour transparent", COLOUR, depth)
        yield _keyed(
            f"RGB {depth} bits, one transparent, P3 profile",
            COLOUR,
            depth,
            P3,
            [iccp(P3_PROFILE)],
        )
    yield _keyed("RGB 16 bits, one transparent, interlaced", COLOUR, 16, interlaced=True)


def _keyed(
    name: str,
    colour_type: int,
    depth: int,
    srgb: Srgb = as_is,
    chunks: Chunks = (),
    *,
    interlaced: bool = False,
) -> PictureCase:
    samples: Samples = (grey_samples if colour_type == GREY else colour_samples)(depth)
    level = quantised(0.4, depth)
    key = (level,) if colour_type == GREY else (level, quantised(0.7, depth), level)
    # Neighbours that differ in one bit alone, beside the transparent colour itself.
    near = (key[0] ^ 1, *key[1:])
    for y in range(0, HEIGHT, 3):
        for x in range(WIDTH):
            samples[y][x] = key if (x // 2 + y) % 2 else near
    return (
        name,
        lambda: png_file(samples, colour_type, depth, [*chunks, trns(*key)], interlaced=interlaced),
        lambda: shown(samples, depth, srgb, key),
    )


def _palettes() -> Iterator[PictureCase]:
    alphas = bytes((255, 0, 10, 128, 200, 0, 255, 64))
    for depth in (1, 2, 4, 8):
        yield _palette_case(f"palette {depth} bits, without tags", depth)
        yield _palette_case(f"palette {depth} bits, alphas", depth, alphas[: 1 << depth])
    # Pillow takes its last byte for the end of a line.
    yield _palette_case("palette 2 bits, alphas that end in 10", 2, alphas[:3])
    yield _palette_case("palette 8 bits, alphas, P3", 8, alphas, P3, [iccp(P3_PROFILE)])
    yield _palette_case("palette 8 bits, gamma 1.0", 8, b"", _matrix(SRGB_XY, power(1)), [gama(1)])


def _palette_case(
    name: str, depth: int, alphas: bytes = b"", srgb: Srgb = as_is, chunks: Chunks = ()
) -> PictureCase:
    colours = [colour_at(7 * n % WIDTH, 5 * n % HEIGHT) for n in range(min(1 << depth, 200))]
    entries = [eight_bits(colour) for colour in colours]
    numbers = [[(x // 2 + 3 * y) % len(entries) for x in range(WIDTH)] for y in range(HEIGHT)]
    seen = [
        [(*entries[number], alphas[number] if number < len(alphas) else 255) for number in row]
        for row in numbers
    ]
    said = [*chunks, (b"PLTE", b"".join(entries)), *([(b"tRNS", alphas)] if alphas else [])]
    return (
        name,
        lambda: png_file([[(number,) for number in row] for row in numbers], PALETTE, depth, said),
        lambda: shown(seen, 8, srgb),
    )


def _gamma_and_primaries() -> Iterator[PictureCase]:
    for exponent in (1.0, 1.8, 2.2):
        srgb = _matrix(SRGB_XY, power(exponent))
        for colour_type in (COLOUR, GREY):
            yield _case(f"gAMA for {exponent}", colour_type, 8, srgb, [gama(exponent)])
    adobe = _matrix(ADOBE_XY, power(2.2))
    both = [gama(2.2), chrm(ADOBE_XY, D65)]
    yield _case("gAMA and cHRM", COLOUR, 8, adobe, both)
    yield _case("gAMA and cHRM", COLOUR, 16, adobe, both)
    yield _case("gAMA and cHRM", COLOUR_ALPHA, 8, adobe, both)
    yield _case("cHRM alone", COLOUR, 8, _matrix(P3_XY, srgb_light), [chrm(P3_XY, D65)])
    wide = Space(PROPHOTO_XY, D50, by_channel(power(1.8))).srgb
    yield _case("cHRM of another white", COLOUR, 8, wide, [gama(1.8), chrm(PROPHOTO_XY, D50)])
    yield _case("sRGB before gAMA", COLOUR, 8, as_is, [*both, (b"sRGB", b"\0")])
    yield _case("iCCP before gAMA", COLOUR, 8, P3, [*both, iccp(P3_PROFILE)])
    yield _case("gAMA of nothing", COLOUR, 8, as_is, [(b"gAMA", b"\0\0\0\0")])


def _profiles() -> Iterator[PictureCase]:
    for colour_type, depth in ((COLOUR, 8), (COLOUR, 16), (COLOUR_ALPHA, 8), (COLOUR_ALPHA, 16)):
        yield _case("Display P3 profile", colour_type, depth, P3, [iccp(P3_PROFILE)])
    yield _case("Adobe RGB profile", COLOUR, 8, ADOBE, [iccp(ADOBE_PROFILE)])
    yield _case("ProPhoto profile", COLOUR, 8, PROPHOTO, [iccp(PROPHOTO_PROFILE)])
    yield _case("P3 profile called sRGB", COLOUR, 8, P3, [iccp(LIAR_PROFILE)])
    yield _case("sRGB profile as a formula", COLOUR, 8, as_is, [iccp(SRGB_FORMULA)])
    yield _case("sRGB profile as a table", COLOUR, 8, as_is, [iccp(SRGB_TABLE)])
    for colour_type, depth in ((GREY, 8), (GREY, 16), (GREY, 4), (GREY_ALPHA, 8), (GREY_ALPHA, 16)):
        chunks = [iccp(icc_files.grey_profile(1.75))]
        yield _case("grey profile", colour_type, depth, grey_of(1.75), chunks)
    # libpng ignores them, and so does every browser.
    yield _case("profile of RGB", GREY, 8, as_is, [iccp(PROPHOTO_PROFILE)])
    yield _case("profile of grey", COLOUR, 8, as_is, [iccp(icc_files.grey_profile(1.0))])


def _code_points() -> Iterator[PictureCase]:
    narrow = _narrow(P3)
    pq = Space(BT2020_XY, D65, reference.pq_to_display).srgb
    hlg = Space(BT2020_XY, D65, reference.hlg_to_display).srgb
    theatre = Space(P3_XY, (0.314, 0.351), by_channel(reference.st428_light)).srgb
    for said, srgb, points in (
        ("sRGB", as_is, cicp(1, 13)),
        ("P3", P3, cicp(12, 13)),
        ("P3, narrow range", narrow, cicp(12, 13, 0)),
        ("BT.709", as_is, cicp(1, 1)),
        ("BT.2020", _matrix(BT2020_XY, srgb_light), cicp(9, 15)),
        ("gamma 2.8", _matrix(SRGB_XY, power(2.8)), cicp(1, 5)),
        ("linear", _matrix(SRGB_XY, power(1)), cicp(1, 8)),
        ("theatre P3", theatre, cicp(11, 17)),
        ("BT.2100 PQ", pq, cicp(9, 16)),
        ("P3 PQ", Space(P3_XY, D65, reference.pq_to_display).srgb, cicp(12, 16)),
        ("BT.2100 HLG", hlg, cicp(9, 18)),
    ):
        yield _case(f"cICP {said}", COLOUR, 8, srgb, [points])
    yield _case("cICP BT.2100 PQ", COLOUR, 16, pq, [cicp(9, 16)])
    yield _case("cICP BT.2100 HLG", COLOUR, 16, hlg, [cicp(9, 18)])
    linear = _matrix(P3_XY, power(1))
    for colour_type in (COLOUR, GREY, COLOUR_ALPHA):
        yield _case("linear P3", colour_type, 16, linear, [gama(1), chrm(P3_XY, D65)])
    yield _case("cICP BT.2100 PQ", COLOUR_ALPHA, 16, pq, [cicp(9, 16)])
    yield _case("cICP BT.2100 PQ", COLOUR_ALPHA, 8, pq, [cicp(9, 16)])
    yield _case("cICP BT.2100 PQ", GREY, 8, pq, [cicp(9, 16)])
    yield _case("cICP before iCCP", COLOUR, 8, P3, [cicp(12, 13), iccp(ADOBE_PROFILE)])
    yield _case("cICP of unknown numbers", COLOUR, 8, ADOBE, [cicp(99, 99), iccp(ADOBE_PROFILE)])


def _narrow(srgb: Srgb) -> Srgb:
    def widened(code: Colour) -> Colour:
        red, green, blue = (min(max((255 * v - 16) / 219, 0.0), 1.0) for v in code)
        return srgb((red, green, blue))

    return widened
