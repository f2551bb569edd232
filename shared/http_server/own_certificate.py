"""The certificate that a process shows, taken up from its files while it serves."""

import ssl
from collections.abc import Callable
from pathlib import Path

import uvicorn

from shared.logs import get_logger

log = get_logger()


class OwnCertificate:
    """Keeps a server's context at what the two files hold; open connections stay as they are."""

    def __init__(self, cert_file: Path, key_file: Path) -> None:
        self._files = (cert_file, key_file)
        self._context: ssl.SSLContext | None = None
        self._taken_up: list[tuple[int, int]] = []

    def attach(
        self, _config: uvicorn.Config, make_context: Callable[[], ssl.SSLContext]
    ) -> ssl.SSLContext:
        """Make the server's context; for `ssl_context_factory` of uvicorn."""
        # Read before the files are, so that a change meanwhile is noticed afterwards.
        self._taken_up = self._written()
        self._context = make_context()
        return self._context

    def take_up(self) -> bool:
        """Show the present certificate to new connections; returns whether it is another one.

        Two files cannot be replaced at once. If they do not fit each other, the old certificate
        stays until the next call.
        """
        if self._context is None:
            return False
        try:
            written = self._written()
            if written == self._taken_up:
                return False
            # Loading a pair that does not fit would leave the live context without a key.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files)
            self._context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            log.warning("certificate_unusable", file=str(self._files[0]), error=repr(error))
            return False
        self._taken_up = written
        log.info("certificate_taken_up", file=str(self._files[0]))
        return True

    def _written(self) -> list[tuple[int, int]]:
        found = [file.stat() for file in self._files]
        return [(one.st_ino, one.st_mtime_ns) for one in found]
