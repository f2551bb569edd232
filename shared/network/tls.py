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
    return _trusting(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)


@cache
def named_context(ca_file: Path | None, server_name: str) -> ssl.SSLContext:
    """Return a context that verifies `server_name`, for drivers that pass the dialled address."""
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.server_name = server_name
    return _trusting(context, ca_file)


def _trusting(context: ssl.SSLContext, ca_file: Path | None) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cafile=str(ca_file))
    return context


class _NamedContext(ssl.SSLContext):
    """Overrides both entry points: event loops call `wrap_bio`, blocking drivers `wrap_socket`."""

    server_name: str

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        return super().wrap_bio(*args, **{**kwargs, "server_hostname": self.server_name})

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **{**kwargs, "server_hostname": self.server_name})
