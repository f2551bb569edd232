"""Pictures that do as they say, and a decoder that lets them."""

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
# As `JPEG_BEGINNING` in hostile_decoder.py, which needs the decoder's environment.
_JPEG_BEGINNING = b"\xff\xd8\xff"
# Of wall time for each second of processor time.
HANGS_S = 4.0


def picture_that(does: str) -> bytes:
    """Received as a JPEG; what it does it does in the child that decodes it."""
    return _JPEG_BEGINNING + _ATTEMPTS[does].encode()


def is_decoding(decoder: Decoder) -> None:
    """Fails unless a child of the decoder is at work."""
    parent = decoder.process_id
    assert parent
    assert Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")


class HostileDecoder(Decoder):
    """In the place of the real one, with the same walls."""

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
    """One that soon takes a child to hang."""

    wall_seconds_per_cpu_second = HANGS_S
