"""Asks a process on this machine how it is: `python -P -m shared.probe USERS`.

Exits with 0 if the process is ready. It reads the process's own variables, so that a container
needs no other program, and it checks the certificate as callers do.
"""

import argparse
import http.client
import os
import socket
import ssl
import sys
from collections.abc import Mapping

_READY, _NOT_READY, _UNUSABLE = 0, 1, 2
_REPLY_BYTES_MAX = 4096


class _Connection(http.client.HTTPSConnection):
    """A connection to an address whose certificate is for another name."""

    def __init__(self, address: str, port: int, name: str, context: ssl.SSLContext) -> None:
        super().__init__(address, port, timeout=_seconds(), context=context)
        self._name, self._tls = name, context

    def connect(self) -> None:
        """Connect, and verify the certificate against the name."""
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self._name)


def _seconds() -> float:
    return float(os.environ.get("PROBE_SECONDS", "2"))


def ask(prefix: str, path: str, name: str, variables: Mapping[str, str]) -> tuple[int, str]:
    """Return the status of a page and its text; raises OSError, KeyError or ValueError.

    The certificate must be for `name`.
    """
    context = ssl.create_default_context(cafile=variables.get(f"{prefix}_TLS_CA_FILE"))
    address = variables.get(f"{prefix}_LISTEN_HOST", "127.0.0.1")
    # Nobody can call all addresses; this is the one of ours that is always there.
    address = "127.0.0.1" if address == "0.0.0.0" else address  # noqa: S104
    port = int(variables[f"{prefix}_LISTEN_PORT"])
    connection = _Connection(address, port, name, context)
    try:
        connection.request("GET", path, headers={"Host": name})
        reply = connection.getresponse()
        return reply.status, reply.read(_REPLY_BYTES_MAX).decode(errors="replace")
    finally:
        connection.close()


def main() -> int:
    """Print what the process says, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prefix", help="of the process's variables, such as USERS")
    parser.add_argument("--name", help="in its certificate; else the one of our zone")
    parser.add_argument("--path", default="/ready")
    chosen = parser.parse_args()
    name = chosen.name or f"{chosen.prefix.lower()}.internal"
    try:
        status, text = ask(chosen.prefix, chosen.path, name, os.environ)
    except (OSError, http.client.HTTPException) as error:
        sys.stdout.write(f"it does not answer: {error}\n")
        return _NOT_READY
    except (KeyError, ValueError) as error:
        sys.stdout.write(f"the environment lacks what a probe needs: {error}\n")
        return _UNUSABLE
    sys.stdout.write(f"{status} {text}\n")
    return _READY if status == http.client.OK else _NOT_READY


if __name__ == "__main__":
    sys.exit(main())
