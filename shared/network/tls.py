"""TLS contexts for clients; they verify the server's name, whichever address is dialled."""

import ssl
from functools import cache
from pathlib import Path
from typing import Any


@cache
def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that trusts only `ca_file`, or the system's authorities for None.

    The caller gives the server's name when it connects. The context is cached because making one
    costs milliseconds.
    """
    return _context(ca_file, None)


@cache
def named_context(ca_file: Path | None, server_name: str) -> ssl.SSLContext:
    """Return a context that verifies `server_name`, for drivers that pass the dialled address."""
    return _context(ca_file, server_name)


def _context(ca_file: Path | None, server_name: str | None) -> ssl.SSLContext:
    context = _FollowingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.trust = _Trust(ca_file)
    context.server_name = server_name
    return context


class _Trust:
    """The context of the authorities that `ca_file` now holds.

    An authority can be taken out of a context only by making another one, and the file changes
    while the authority is replaced. Looking at the file costs microseconds, a handshake much more.
    """

    def __init__(self, ca_file: Path | None) -> None:
        self._ca_file = ca_file
        self._written = _written(ca_file)
        self._context = _trusting(ca_file)

    def present(self) -> ssl.SSLContext:
        """Return the context; while the file cannot be read, that of its last content."""
        try:
            written = _written(self._ca_file)
            if written != self._written:
                self._context = _trusting(self._ca_file)
                self._written = written
        except (OSError, ssl.SSLError):
            pass  # the next connection tries again
        return self._context


class _FollowingContext(ssl.SSLContext):
    """Overrides both entry points: event loops call `wrap_bio`, blocking drivers `wrap_socket`."""

    trust: _Trust
    server_name: str | None

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        return self.trust.present().wrap_bio(*args, **self._named(kwargs))

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return self.trust.present().wrap_socket(*args, **self._named(kwargs))

    def _named(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        return {**kwargs, "server_hostname": self.server_name} if self.server_name else kwargs


def _written(ca_file: Path | None) -> tuple[int, int]:
    if ca_file is None:
        return (0, 0)
    found = ca_file.stat()
    return (found.st_ino, found.st_mtime_ns)


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cafile=str(ca_file))
    return context
