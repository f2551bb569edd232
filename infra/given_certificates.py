"""Certificates of the internal connections that somebody else has signed, taken from a folder.

The folder has `ca.crt`, and for each part `NAME.crt` with its chain, and `NAME.key`. They are
copied to where the suite's processes read theirs, each key for one account.
"""

import datetime as dt
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from infra.certificates import KeyPair, alternative_name, find_certificate
from infra.control.failures import SuiteFailure
from infra.json_files import write_durably

_CA = "ca.crt"
_FOR_ALL, _FOR_ONE = 0o644, 0o600


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a certificate must be good for: names and addresses, and whether clients show it."""

    hosts: tuple[str, ...]
    for_clients: bool = False


class GivenCertificates:
    """The authority and the certificates of a folder; raises SuiteFailure if it lacks any."""

    def __init__(self, given: Path, pki: Path) -> None:
        self._given = given
        self._pki = pki
        self.certificate_file = pki / _CA
        pki.mkdir(parents=True, exist_ok=True)
        pki.chmod(0o755)
        _copy(self._authority_text(), self.certificate_file, _FOR_ALL)

    @property
    def ends_at(self) -> dt.datetime:
        """The end of the authority that ends first."""
        held = x509.load_pem_x509_certificates(self.certificate_file.read_bytes())
        return min(one.not_valid_after_utc for one in held)

    def server_pair(
        self,
        name: str,
        hosts: Iterable[str],
        *,
        spelled_addresses: Iterable[str] = (),
        for_clients: bool = False,
    ) -> KeyPair:
        """Return the copy of a given pair, after checking it; raises SuiteFailure."""
        wanted = Wanted((*hosts, *spelled_addresses), for_clients)
        if fault := self.fault_of(name, wanted):
            raise SuiteFailure(fault)
        return self._copied(name)

    def due_pairs(self) -> list[KeyPair]:
        """Return the pairs of which another certificate is given since they were copied."""
        return [
            KeyPair(copy, copy.with_suffix(".key"))
            for copy in sorted(self._pki.glob("*.crt"))
            if copy.name != _CA and self._is_renewed(copy)
        ]

    def renew(self, pair: KeyPair) -> None:
        """Copy a pair again; raises SuiteFailure if the new one is not good for the same."""
        held = find_certificate(pair.certificate)
        names: Iterable[x509.GeneralName] = (
            []
            if held is None
            else held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        )
        wanted = Wanted(tuple(str(one.value) for one in names))
        if fault := self.fault_of(pair.name, wanted):
            raise SuiteFailure(fault)
        self._copied(pair.name)

    def fault_of(self, name: str, wanted: Wanted) -> str:
        """Return why a given pair is not good, "" if it is."""
        certificate, key = self._given / f"{name}.crt", self._given / f"{name}.key"
        missing = [str(file) for file in (certificate, key) if not file.is_file()]
        if missing:
            hosts = ", ".join(wanted.hosts)
            return f"{' and '.join(missing)} {_are(missing)} missing: a certificate for {hosts}."
        if key.stat().st_mode & stat.S_IROTH:
            return f"{key} can be read by everybody: `chmod 600 {key}`."
        held = find_certificate(certificate)
        if held is None:
            return f"{certificate} is no certificate with names and uses."
        return _fault_in(certificate, held, key, wanted) or self._why_not_believed(
            certificate, held
        )

    def _why_not_believed(self, file: Path, held: x509.Certificate) -> str:
        chain = x509.load_pem_x509_certificates(file.read_bytes())[1:]
        for issuer in (*chain, *x509.load_pem_x509_certificates(self._authority_text())):
            try:
                held.verify_directly_issued_by(issuer)
            except (ValueError, TypeError, InvalidSignature):
                continue  # another one may have signed it
            return ""
        return f"{file} is not signed by {self._given / _CA}, nor by a certificate behind it."

    def _authority_text(self) -> bytes:
        file = self._given / _CA
        try:
            text = file.read_bytes()
            x509.load_pem_x509_certificates(text)
        except OSError as error:
            raise SuiteFailure(f"{file} cannot be read: {error.strerror}.") from None
        except ValueError:
            raise SuiteFailure(f"{file} is no certificate.") from None
        return text

    def _is_renewed(self, copy: Path) -> bool:
        given = self._given / copy.name
        return given.is_file() and given.read_bytes() != copy.read_bytes()

    def _copied(self, name: str) -> KeyPair:
        pair = KeyPair(self._pki / f"{name}.crt", self._pki / f"{name}.key")
        # The key first: a reader that sees only one of them finds no pair, and looks again.
        _copy((self._given / pair.key.name).read_bytes(), pair.key, _FOR_ONE)
        _copy((self._given / pair.certificate.name).read_bytes(), pair.certificate, _FOR_ALL)
        return pair


def faults_of(given: GivenCertificates, wanted: Mapping[str, Wanted]) -> list[str]:
    """Return what is wrong with the given pairs, a sentence for each."""
    found = (given.fault_of(name, one) for name, one in wanted.items())
    return [fault for fault in found if fault]


def _fault_in(file: Path, held: x509.Certificate, key: Path, wanted: Wanted) -> str:
    now = dt.datetime.now(dt.UTC)
    if not held.not_valid_before_utc <= now < held.not_valid_after_utc:
        return f"{file} counts from {held.not_valid_before_utc} to {held.not_valid_after_utc}."
    names = set(held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    lacking = [host for host in wanted.hosts if alternative_name(host) not in names]
    if lacking:
        return f"{file} is not for {', '.join(lacking)}."
    uses = held.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if ExtendedKeyUsageOID.SERVER_AUTH not in uses:
        return f"{file} is not for servers (extended key usage)."
    if wanted.for_clients and ExtendedKeyUsageOID.CLIENT_AUTH not in uses:
        return f"{file} is not for clients (extended key usage), and this part shows it as one."
    return _fault_in_key(file, held, key)


def _fault_in_key(file: Path, held: x509.Certificate, key: Path) -> str:
    try:
        secret = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        return f"{key} is no private key without a passphrase."
    if secret.public_key() != held.public_key():
        return f"{key} is not the key of {file}."
    return ""


def _copy(content: bytes, file: Path, mode: int) -> None:
    """Replace a file at once, if its content differs; its account may go on reading it."""
    if file.exists() and file.read_bytes() == content:
        return
    owner = file.stat() if file.exists() else None
    write_durably(file, content.decode("ascii", "replace"), mode=mode)
    if owner is not None and os.geteuid() == 0:
        os.chown(file, owner.st_uid, owner.st_gid)
        file.chmod(owner.st_mode & 0o777)


def _are(things: list[str]) -> str:
    return "is" if len(things) == 1 else "are"
