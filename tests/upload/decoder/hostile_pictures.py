"""Pictures that act as they say, and a decoder that lets them."""

import socket
import subprocess
from pathlib import Path

from infra.run_folder import REPOSITORY
from services.upload.clients.decoder import Decoder

_ATTEMPTS = {
    "takes no time": "do nothing",
    "takes 1.5 s": "take 1.5 s",
    "spins": "spin",
    "hangs": "sleep",
}
# The same as in hostile_decoder.py, which can only be imported in the decoder's environment.
_JPEG_BEGINNING = b"\xff\xd8\xff"
# Wall time for each second of processor time.
HANGS_S = 4.0


def picture_that(does: str) -> bytes:
    """A picture received as a JPEG; it acts inside the child that decodes it."""
    return _JPEG_BEGINNING + _ATTEMPTS[does].encode()


def is_decoding(decoder: Decoder) -> None:
    """Fail unless a child of the decoder is working."""
    parent = decoder.process_id
    assert parent
    assert Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")


class HostileDecoder(Decoder):
    """Replaces the real decoder inside the same walls."""

    wall_seconds_per_cpu_second = 60.0

    def _launch(self, theirs: socket.socket) -> None:
        with theirs:
            self._process = subprocess.Popen(
                [
                    self._python,
                    "-m",
                    "tests.upload.decoder.hostile_decoder",
                    str(theirs.fileno()),
                    str(self.wall_seconds_per_cpu_second),
                ],
                cwd=REPOSITORY,
                env={},
                pass_fds=[theirs.fileno()],
            )


class ImpatientDecoder(HostileDecoder):
    """A decoder whose wall limit is short."""

    wall_seconds_per_cpu_second = HANGS_S
