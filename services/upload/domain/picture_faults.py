"""Why a picture cannot be shown, in words for its sender."""

import enum


class PictureFault(enum.Enum):
    """What is wrong with a picture; the value is the sentence that its owner reads."""

    NOT_A_PICTURE = "This file is not a picture that can be read."
    DAMAGED = "The picture is damaged: it cannot be read to its end."
    TOO_MANY_PIXELS = "The picture has more than 50 megapixels."
    TOO_LONG_A_SIDE = "The picture is more than 12,000 pixels long on one side."
    TOO_COSTLY = "The picture is built in a way that takes too much to decode."
    LOST = "The picture was lost on our side; please send it again."


class PictureRefused(Exception):
    """The picture itself is at fault, so a retry would not help."""

    def __init__(self, fault: PictureFault) -> None:
        super().__init__(fault.value)
        self.fault = fault
