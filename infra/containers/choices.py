"""What an operator chooses of a suite in containers; kept beside its compose file."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.control.failures import SuiteFailure
from infra.suite import LIMITS

_NETWORK = re.compile(r"\d{1,3}\.\d{1,3}")
_PORT_MAX = 65_535
_FILE = "choices.json"


@dataclass(frozen=True, slots=True)
class Choices:
    """The network of the containers, and how clients reach the balancers.

    `publish` is an address of the machine. The first balancer has `port` and `tls_port` there, and
    each further one the next numbers. `url` is what clients are told if it differs from the first
    balancer's, as behind a load balancer.
    """

    network: str = "10.87"
    publish: str = "127.0.0.1"
    port: int = 8080
    tls_port: int = 8443
    url: str = ""
    limits: str = "usual"
    log_driver: str = "json-file"
    project: str = "retrato"

    @property
    def public_url(self) -> str:
        """The beginning of every public address, without a slash."""
        return self.url or self.balancer_url(0)

    def balancer_url(self, index: int) -> str:
        """Return the URL of a balancer as it is published, without TLS."""
        return f"http://{self._place}:{self.port + index}"

    def published(self, index: int, port: int, tls_port: int) -> tuple[str, str]:
        """Return where the two ports of a balancer's container are published."""
        return (
            f"{self._place}:{self.port + index}:{port}",
            f"{self._place}:{self.tls_port + index}:{tls_port}",
        )

    @property
    def _place(self) -> str:
        return f"[{self.publish}]" if ":" in self.publish else self.publish

    @property
    def public_hosts(self) -> tuple[str, ...]:
        """The names for which a client may ask a balancer."""
        own = () if ip_address(self.publish).is_unspecified else (self.publish,)
        told = urlsplit(self.url).hostname
        return ("localhost", *own, *([told] if told else []))


def said_choices(root: Path, said: Mapping[str, Any]) -> Choices:
    """Return what is said now, and for the rest what was said of this folder before.

    Raises SuiteFailure if the values do not fit.
    """
    known = {**_kept(root), **{name: value for name, value in said.items() if value}}
    choices = Choices(**known)
    _check(choices)
    return choices


def ports_said(words: str) -> dict[str, int]:
    """Return the ports that are meant by words such as "8080,8443"; raises SuiteFailure."""
    if not words:
        return {}
    try:
        port, tls_port = map(int, words.split(","))
    except ValueError:
        raise SuiteFailure(
            f"PORTS are two of the first balancer, such as 8080,8443, and not {words}."
        ) from None
    return {"port": port, "tls_port": tls_port}


def kept_choices(root: Path) -> Choices:
    """Return what was chosen for a folder; raises SuiteFailure if that cannot be read."""
    return Choices(**_kept(root))


def choices_file(root: Path, choices: Choices) -> tuple[Path, str]:
    """Return the file in which the choices are kept, and its text."""
    return root / _FILE, json.dumps(asdict(choices), indent=1) + "\n"


def _kept(root: Path) -> dict[str, Any]:
    file = root / _FILE
    if not file.exists():
        return {}
    kinds = {field.name: type(field.default) for field in fields(Choices)}
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        fits = {name: type(value) for name, value in kept.items()}.items() <= kinds.items()
    except (ValueError, AttributeError):
        fits = False
    if not fits:
        raise SuiteFailure(f"{file} cannot be read: remove it, and say everything again.")
    return dict(kept)


def _check(choices: Choices) -> None:
    if not _NETWORK.fullmatch(choices.network):
        raise SuiteFailure(f"NET is half of an address, such as 10.87, and not {choices.network}.")
    if choices.limits not in LIMITS:
        raise SuiteFailure(f"LIMITS is one of {', '.join(LIMITS)}, and not {choices.limits}.")
    try:
        address = ip_address(choices.publish)
    except ValueError:
        raise SuiteFailure(
            f"PUBLISH is an address of this machine, such as 192.0.2.1, and not {choices.publish}."
        ) from None
    if address.is_unspecified and not choices.url:
        raise SuiteFailure(
            f"PUBLISH={choices.publish} names no address that replies could tell to clients: say"
            " URL=https://photos.example.org, or the address of this machine."
        )
    parts = urlsplit(choices.url)
    if choices.url and not (
        parts.scheme in {"http", "https"} and parts.hostname and choices.url == _origin(choices.url)
    ):
        raise SuiteFailure(
            f"URL is the beginning of every address, such as https://photos.example.org, without a"
            f" path, and not {choices.url}."
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def check_ports(choices: Choices, balancers: int) -> None:
    """Raise SuiteFailure if two published ports of these balancers would be the same."""
    plain = range(choices.port, choices.port + balancers)
    tls = range(choices.tls_port, choices.tls_port + balancers)
    if not (plain[0] > 0 and tls[0] > 0 and max(plain[-1], tls[-1]) <= _PORT_MAX):
        raise SuiteFailure(f"PORTS are from 1 to {_PORT_MAX}, for each of {balancers} balancers.")
    if set(plain) & set(tls):
        raise SuiteFailure(
            f"PORTS={choices.port},{choices.tls_port} are too close: the balancers take"
            f" {plain[0]} to {plain[-1]}, and {tls[0]} to {tls[-1]} with TLS."
        )
