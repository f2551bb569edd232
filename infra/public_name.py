"""Reads and checks the table of the public name."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from infra.plan.figures import Public
from infra.topology_tables import TopologyError

_KINDS = ("acme", "files", "none")
_PORT_MAX = 65_535
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# At least two labels, and the last one is no number: that would be an address.
_DOMAIN = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+(?!\d+$){_LABEL}")


def public_of(table: Mapping[str, Any]) -> Public:
    """Return the public name as drawn; raises TopologyError with a sentence."""
    known = Public.__dataclass_fields__
    unknown = [name for name in table if name not in known]
    if unknown:
        raise TopologyError(f"public.{unknown[0]} is not known: it has {', '.join(known)}")
    drawn = Public(**{**table, **_addresses(table)})
    if not _DOMAIN.fullmatch(drawn.domain):
        raise TopologyError(
            f"public.domain {drawn.domain!r} is no name such as photos.example.org: small letters,"
            " without https:// and without a port"
        )
    if drawn.certificate not in _KINDS:
        raise TopologyError(f"public.certificate is one of {', '.join(_KINDS)}")
    if not drawn.acme_directory.startswith("https://"):
        raise TopologyError("public.acme_directory is no https:// address")
    if drawn.certificate == "acme" and "@" not in drawn.acme_email:
        raise TopologyError(
            "public.acme_email is no address, which the ACME server's account needs"
        )
    if drawn.certificate == "files":
        _check_files(drawn)
    _check_ssh(drawn)
    return drawn


def _addresses(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    if "addresses" not in table:
        return {}
    if not table["addresses"]:
        raise TopologyError("public.addresses is empty, so that nobody could reach the suite")
    try:
        return {"addresses": tuple(str(ip_address(one)) for one in table["addresses"])}
    except ValueError as error:
        raise TopologyError(f"public.addresses: {error}") from error


def _check_ssh(drawn: Public) -> None:
    # `true` is a number to Python, and port 1 nobody's intention.
    if type(drawn.ssh_port) is not int or not 0 < drawn.ssh_port <= _PORT_MAX:
        raise TopologyError(f"public.ssh_port is a number from 1 to {_PORT_MAX}")
    if drawn.ssh_port in {drawn.port, drawn.tls_port}:
        raise TopologyError(f"public.ssh_port {drawn.ssh_port} is a port of the balancers")


def _check_files(drawn: Public) -> None:
    for name in ("certificate_file", "key_file"):
        if not Path(getattr(drawn, name)).is_absolute():
            raise TopologyError(f"public.{name} is not a whole path that begins with /")
