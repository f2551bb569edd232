"""A small certificate authority for tests that speak TLS."""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificate:
    """The certificate and key files of one server."""

    cert_file: Path
    key_file: Path


class Authority:
    """Issues certificates into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca_file))

    def issue(self, *names: str) -> Certificate:
        issued = self._ca.issue_cert(*names)
        certificate = Certificate(
            self._folder / f"{names[0]}.crt.pem", self._folder / f"{names[0]}.key.pem"
        )
        issued.cert_chain_pems[0].write_to_path(str(certificate.cert_file))
        issued.private_key_pem.write_to_path(str(certificate.key_file))
        return certificate
