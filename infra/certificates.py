"""The internal certificate authority and the server certificates that it signs."""

import datetime as dt
import ipaddress
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from infra.authority_files import AuthorityFiles, builder

_SERVER_DAYS = 397
# The caretaker and `make up` renew certificates that expire within a month.
RENEW_BEFORE = dt.timedelta(days=30)

_SERVER_ONLY = [ExtendedKeyUsageOID.SERVER_AUTH]
_SERVER_AND_CLIENT = [*_SERVER_ONLY, ExtendedKeyUsageOID.CLIENT_AUTH]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The files of a certificate and its private key."""

    certificate: Path
    key: Path

    @property
    def name(self) -> str:
        """The name of both files, such as users-a.postgres."""
        return self.certificate.name.removesuffix(".crt")


class Authority:
    """The internal CA; creates its files if one is missing, and raises BrokenCertificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = AuthorityFiles(folder)
        self.certificate_file = self._files.certificates
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        if not (self.certificate_file.exists() and self._files.key.exists()):
            self._files.make()
        self._signer = self._files.signer()

    @property
    def ends_at(self) -> dt.datetime:
        """The end of the signing CA's certificate."""
        return self._signer.certificate.not_valid_after_utc

    def server_pair(
        self,
        name: str,
        hosts: Iterable[str],
        *,
        spelled_addresses: Iterable[str] = (),
        for_clients: bool = False,
    ) -> KeyPair:
        """Return a certificate for these names and addresses, an existing one if it still fits.

        With `for_clients` it also proves its owner where that calls others.

        `spelled_addresses` are included as names, because pgBackRest compares the address that it
        dials only with names.
        """
        pair = KeyPair(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        wanted = [alternative_name(host) for host in dict.fromkeys(hosts)]
        wanted += [x509.DNSName(address) for address in spelled_addresses]
        held = find_certificate(pair.certificate)
        uses = _SERVER_AND_CLIENT if for_clients else _SERVER_ONLY
        fits = held is not None and _names(held) == wanted and _uses(held) == uses
        if held is None or not fits or self._must_be_renewed(pair, held):
            self._issue(pair, wanted, uses, _SERVER_DAYS)
        return pair

    def due_pairs(self) -> list[KeyPair]:
        """Return the kept pairs that expire soon, do not fit, or are of another CA."""
        return [
            pair
            for pair in self._kept_pairs()
            if (held := find_certificate(pair.certificate)) and self._must_be_renewed(pair, held)
        ]

    def renew(self, pair: KeyPair, *, days: float = _SERVER_DAYS) -> None:
        """Issue a kept certificate again, for the same names and with a new key."""
        held = find_certificate(pair.certificate)
        if held is not None:
            self._issue(pair, _names(held), _uses(held), days)

    def _kept_pairs(self) -> Iterator[KeyPair]:
        for certificate in sorted(self._folder.glob("*.crt")):
            if certificate not in {self._files.certificates, self._files.next_certificate}:
                yield KeyPair(certificate, certificate.with_suffix(".key"))

    def _must_be_renewed(self, pair: KeyPair, held: x509.Certificate) -> bool:
        if held.issuer != self._signer.certificate.subject or not _has_key(pair, held):
            return True
        ends_at = held.not_valid_after_utc
        # One that ends with the CA cannot be made to last longer.
        return ends_at - _now() <= RENEW_BEFORE and ends_at < self._end_of_new(_SERVER_DAYS)

    def _end_of_new(self, days: float) -> dt.datetime:
        return min(_now().replace(microsecond=0) + dt.timedelta(days=days), self.ends_at)

    def _issue(
        self,
        pair: KeyPair,
        names: Sequence[x509.GeneralName],
        uses: Sequence[x509.ObjectIdentifier],
        days: float,
    ) -> None:
        signer = self._signer
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            builder(pair.name, signer.certificate.subject, key)
            .not_valid_after(self._end_of_new(days))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()),
                critical=False,
            )
            .sign(signer.key, hashes.SHA256())
        )
        _replace_pair(pair, key, certificate)


def find_certificate(file: Path) -> x509.Certificate | None:
    """Return the server certificate in a file; None if it is missing or broken."""
    try:
        held = x509.load_pem_x509_certificate(file.read_bytes())
        _names(held)
        _uses(held)
    except (OSError, ValueError, x509.ExtensionNotFound):
        return None
    return held


def _has_key(pair: KeyPair, held: x509.Certificate) -> bool:
    """Whether the key is of this certificate; it is not if a renewal was cut short."""
    try:
        key = serialization.load_pem_private_key(pair.key.read_bytes(), password=None)
    except (OSError, ValueError):
        return False
    return key.public_key() == held.public_key()


def _names(certificate: x509.Certificate) -> list[x509.GeneralName]:
    return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


def _uses(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def alternative_name(host: str) -> x509.GeneralName:
    """Return a name or an address as a certificate spells it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _replace_pair(
    pair: KeyPair, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> None:
    """Replace both files within a moment; readers that see only one of them find no pair."""
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    drafts = [_draft(pair.key, secret), _draft(pair.certificate, _pem(certificate), 0o644)]
    for draft, file in zip(drafts, (pair.key, pair.certificate), strict=True):
        draft.replace(file)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _draft(file: Path, content: bytes, mode: int = 0o600) -> Path:
    """Write a file's new content beside it, for the account that may read the present one."""
    draft = file.with_name(file.name + ".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
    draft.chmod(mode)
    if file.exists() and (owner := file.stat()).st_uid != draft.stat().st_uid:
        # A database's user owns its key.
        os.chown(draft, owner.st_uid, owner.st_gid)
        draft.chmod(owner.st_mode & 0o777)
    return draft
