"""TLS towards other processes: the name is verified, whichever address is dialled."""

import ssl
from functools import cache
from pathlib import Path
from typing import Any


@cache
def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trusts `ca_file` only, or what the system trusts without one; the caller names the server.

    One per process and file: making it costs milliseconds.
    """
    return _trusting(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)


@cache
def named_context(ca_file: Path | None, server_name: str) -> ssl.SSLContext:
    """For a driver that passes the address it dials as the name: verifies `server_name` instead."""
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
    """Event loops connect through wrap_bio, drivers that own their socket through wrap_socket."""

    server_name: str

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        return super().wrap_bio(*args, **{**kwargs, "server_hostname": self.server_name})

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **{**kwargs, "server_hostname": self.server_name})
