"""Writes the differences of all pictures into `docs/measurements/colour.md`, at its end.

`UPLOAD_DECODER_PYTHON=<the decoder's interpreter> python -m tests.upload.colour`
"""

import os

from infra.run_folder import REPOSITORY
from services.upload.clients.decoder import Decoder
from tests.upload.colour.comparison import difference, shown_by
from tests.upload.colour.table import CASES, content_of

_PAGE = REPOSITORY / "docs" / "measurements" / "colour.md"
_HEADING = "## Each picture\n"
_HEAD = "\n| picture | mean | p99 | most |\n|---|---|---|---|\n"


def main() -> None:
    """Compare all pictures, and write a row for each."""
    python = os.environ["UPLOAD_DECODER_PYTHON"]
    decoder = Decoder(python)
    rows = []
    for case in CASES:
        off = difference(shown_by(decoder, case, content_of(case, python)), case.expected())
        rows.append(f"| {case.name} | {off.mean:.2f} | {off.p99} | {off.most} |\n")
    decoder.stop()
    before = _PAGE.read_text(encoding="utf-8").partition(_HEADING)[0]
    _PAGE.write_text(before + _HEADING + _HEAD + "".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
