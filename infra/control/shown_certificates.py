"""Asks processes which certificate they show, whoever signed it and even if it has expired."""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509

from infra.process import Process
from infra.suite import Suite
from infra.watching.reading import shown_to

_ASK_TIMEOUT_S = 2.0
# Postgres' request for TLS: a length of eight bytes, and a number that is no protocol version.
_POSTGRES_ASKS_TLS = (8).to_bytes(4) + (80877103).to_bytes(4)


def certificate_file(suite: Suite, process: Process) -> Path | None:
    """Return the file of a process's certificate; None for those that have none."""
    kind = process.kind
    if kind in {"dns", "fence"}:
        return None
    if kind == "etcd":
        return suite.folder.pki / f"{process.name}.crt"
    names = {"postgres": f"{process.server}.postgres", "redis": f"{process.server}.redis"}
    return suite.folder.pki / f"{names.get(kind, process.planned.role)}.crt"


async def shown_certificates(
    suite: Suite, processes: Iterable[Process]
) -> dict[str, x509.Certificate]:
    """Ask all processes at once; those that do not answer are missing in the result."""
    asked = [process for process in processes if certificate_file(suite, process)]
    shown = await asyncio.gather(
        *(asyncio.to_thread(find_shown_certificate, suite, process) for process in asked)
    )
    return {
        process.name: found
        for process, found in zip(asked, shown, strict=True)
        if found is not None
    }


def find_shown_certificate(suite: Suite, process: Process) -> x509.Certificate | None:
    """Return the certificate that a process shows now; None if it does not answer."""
    is_balancer = process.kind == "nginx"
    port = suite.plan.nginx.tls_port if is_balancer else process.port
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is sent, and nothing is believed: the certificate is compared with its file.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if process.kind == "watcher":
        # It would log each caller without one.
        pair = shown_to(suite, process.planned.role)
        context.load_cert_chain(pair.certificate, pair.key)
    try:
        with socket.create_connection((process.address, port), _ASK_TIMEOUT_S) as connection:
            if process.kind == "postgres":
                connection.sendall(_POSTGRES_ASKS_TLS)
                if connection.recv(1) != b"S":
                    return None
            with context.wrap_socket(connection) as tls:
                shown = tls.getpeercert(binary_form=True)
    except OSError:
        return None
    return x509.load_der_x509_certificate(shown) if shown else None
