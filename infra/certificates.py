"""The internal certificate authority and the server certificates that it signs."""

import datetime as dt
import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_AUTHORITY_DAYS = 3650
_SERVER_DAYS = 397
# `make up` renews certificates that expire within a month.
_RENEW_BEFORE = dt.timedelta(days=30)
_CLOCK_SKEW = dt.timedelta(hours=1)


class BrokenCertificate(Exception):
    """A certificate or key of the authority cannot be read; the message names the file."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The files of a certificate and its private key."""

    certificate: Path
    key: Path


class Authority:
    """The internal CA; creates its files if one is missing, and raises BrokenCertificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate_file = folder / "ca.crt"
        self._key_file = folder / "ca.key"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        if not (self.certificate_file.exists() and self._key_file.exists()):
            self._create()
        self._certificate, self._key = _read_authority(folder)

    def server_pair(
        self, name: str, hosts: Iterable[str], *, spelled_addresses: Iterable[str] = ()
    ) -> KeyPair:
        """Return a certificate for these names and addresses, an existing one if it still fits.

        `spelled_addresses` are included as names, because pgBackRest compares the address that it
        dials only with names.
        """
        pair = KeyPair(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        wanted = [_alternative_name(host) for host in dict.fromkeys(hosts)]
        wanted += [x509.DNSName(address) for address in spelled_addresses]
        if not self._still_fits(pair, wanted):
            self._issue(pair, name, wanted)
        return pair

    def _still_fits(self, pair: KeyPair, names: list[x509.GeneralName]) -> bool:
        if not (pair.certificate.exists() and pair.key.exists()):
            return False
        try:
            held = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        except ValueError:
            return False  # a broken certificate is issued again, like an expired one
        carried = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return (
            list(carried) == names
            and held.issuer == self._certificate.subject
            and held.not_valid_after_utc - dt.datetime.now(dt.UTC) > _RENEW_BEFORE
        )

    def _issue(self, pair: KeyPair, name: str, names: list[x509.GeneralName]) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(name, self._certificate.subject, key, _SERVER_DAYS)
            .add_extension(
                x509.SubjectAlternativeName(names),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        _write_pair(pair, key, certificate)

    def _create(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        # Each CA has a new name, so that certificates of an earlier CA are recognised as foreign.
        subject = f"Retrato internal CA {x509.random_serial_number():x}"[:60]
        certificate = (
            _builder(subject, _name(subject), key, _AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_signing_only(), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        _write_pair(KeyPair(self.certificate_file, self._key_file), key, certificate)


def authority_fingerprint(folder: Path) -> str:
    """Return the SHA-256 of the CA's certificate; raises BrokenCertificate."""
    certificate, _key = _read_authority(folder)
    return certificate.fingerprint(hashes.SHA256()).hex()


def _read_authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate_file, key_file = folder / "ca.crt", folder / "ca.key"
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    except ValueError:
        raise BrokenCertificate(f"{certificate_file}, line 1: this is no certificate.") from None
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (ValueError, TypeError):
        raise BrokenCertificate(f"{key_file}, line 1: this is no private key.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BrokenCertificate(f"{key_file}, line 1: this is no elliptic curve key.")
    if key.public_key() != certificate.public_key():
        raise BrokenCertificate(f"{key_file}, line 1: this is not the key of {certificate_file}.")
    return certificate, key


def _builder(
    subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_pair(
    pair: KeyPair, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> None:
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    # A database's user may own the key of a renewed certificate, so it is replaced, not rewritten.
    pair.key.unlink(missing_ok=True)
    descriptor = os.open(pair.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(secret)
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.certificate.chmod(0o644)
