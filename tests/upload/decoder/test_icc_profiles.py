"""A profile counts as sRGB by its colorants and curves, whatever it is called."""

import random

import pytest

from services.upload.decoder.icc_profiles import is_srgb, profile_of
from services.upload.decoder.transfer_curves import SRGB
from tests.upload.colour import icc_files
from tests.upload.colour.reference import ADOBE_XY, D65, P3_XY, SRGB_XY, srgb_light

_TABLE = icc_files.sampled_curve(srgb_light)
SRGB_PROFILES = {
    "a formula": icc_files.rgb_profile("any", SRGB_XY, icc_files.srgb_formula()),
    "a table of 1,024": icc_files.rgb_profile("any", SRGB_XY, _TABLE),
    "a table of 4,096": icc_files.rgb_profile(
        "any", SRGB_XY, icc_files.sampled_curve(srgb_light, 4096)
    ),
    "our own": profile_of(SRGB_XY, D65, SRGB),
}
OTHER_PROFILES = {
    "other primaries": icc_files.rgb_profile("sRGB", P3_XY, icc_files.srgb_formula()),
    "green alone": icc_files.rgb_profile("sRGB", ADOBE_XY, _TABLE),
    "a pure gamma": icc_files.rgb_profile("sRGB", SRGB_XY, icc_files.gamma_curve(2.2)),
    "swapped": icc_files.rgb_profile("sRGB", (SRGB_XY[1], SRGB_XY[0], SRGB_XY[2]), _TABLE),
    "grey": icc_files.grey_profile(2.2),
    "of inks": icc_files.cmyk_profile(),
    "a table of colours": SRGB_PROFILES["a formula"].replace(b"cprt", b"A2B0"),
    "nothing": b"",
    "half": SRGB_PROFILES["a formula"][:300],
}


@pytest.mark.parametrize("name", SRGB_PROFILES)
def test_a_profile_is_srgb_that_has_its_tags_as(name: str) -> None:
    assert is_srgb(SRGB_PROFILES[name])


@pytest.mark.parametrize("name", OTHER_PROFILES)
def test_a_profile_is_not_srgb_that_has(name: str) -> None:
    assert not is_srgb(OTHER_PROFILES[name])


def test_no_damage_makes_reading_a_profile_fail() -> None:
    chance = random.Random(23)
    for whole in SRGB_PROFILES.values():
        for _ in range(200):
            damaged = bytearray(whole[: chance.randrange(len(whole))])
            for _ in range(min(8, len(damaged))):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            is_srgb(bytes(damaged))


@pytest.mark.parametrize(
    "primaries",
    [((0.3, 0.3), (0.3, 0.3), (0.3, 0.3)), ((0.1, 0.1), (0.2, 0.2), (0.3, 0.3))],
    ids=["one point", "one line"],
)
def test_primaries_that_span_nothing_make_no_profile(
    primaries: tuple[tuple[float, float], ...],
) -> None:
    with pytest.raises(ValueError, match="line"):
        profile_of(primaries, D65, SRGB)
