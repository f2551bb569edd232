"""HLG as a table of colours: its light depends on all three channels."""

from functools import cache

from PIL import ImageFilter

from services.upload.decoder.transfer_curves import (
    LUMINANCE_BT2020,
    hlg_display_gain,
    hlg_scene_light,
    srgb_encoded,
    tone_mapped,
)

# The mapping is smooth: with this many nodes a side, colours between them are off by less than one.
_NODES = 17


@cache
def hlg_table() -> ImageFilter.Color3DLUT:
    """From HLG code values to those of the SDR display, in the same primaries and sRGB's curve."""
    lights = [hlg_scene_light(node / (_NODES - 1)) for node in range(_NODES)]
    by_red, by_green, by_blue = LUMINANCE_BT2020
    table: list[float] = []
    for blue in lights:
        for green in lights:
            for red in lights:
                gain = hlg_display_gain(by_red * red + by_green * green + by_blue * blue)
                table += (srgb_encoded(tone_mapped(gain * light)) for light in (red, green, blue))
    return ImageFilter.Color3DLUT(_NODES, table)
