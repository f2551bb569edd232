"""Why a picture cannot be shown, in words for its sender."""

import enum


class PictureFault(enum.Enum):
    """What is wrong with a picture; the value is the sentence that its owner reads."""

    NOT_A_PICTURE = "This file is not a picture that can be read."
    DAMAGED = "The picture is damaged: it cannot be read to its end."
    TOO_MANY_PIXELS = "The picture has too many pixels."
    TOO_LONG_A_SIDE = "The picture is too long on one side."
    TOO_COSTLY = "The picture is built in a way that takes too much to decode."
    LOST = "The picture was lost on our side; please send it again."


class PictureRefused(Exception):
    """The picture itself is at fault, so a retry would not help.

    `sentence` is the fault's own, or one with the picture's figures.
    """

    def __init__(self, fault: PictureFault, sentence: str | None = None) -> None:
        self.sentence = sentence or fault.value
        super().__init__(self.sentence)
        self.fault = fault
