"""The files of the internal CA: `ca.crt` holds all that are trusted, `ca.key` signs for one."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from infra.json_files import write_durably

_AUTHORITY_DAYS = 3650
_CLOCK_SKEW = dt.timedelta(hours=1)


class BrokenCertificate(Exception):
    """A certificate or key of the authority cannot be read; the message names the file."""


@dataclass(frozen=True, slots=True)
class Signer:
    """The certificate and the key of a CA."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()


@dataclass(frozen=True, slots=True)
class AuthorityFiles:
    """The CA in a folder, and the one that is to follow it while a replacement is under way.

    The key decides which of the trusted certificates signs. So one rename replaces the signer.
    """

    folder: Path

    @property
    def certificates(self) -> Path:
        """The file of all trusted CA certificates, which clients read."""
        return self.folder / "ca.crt"

    @property
    def key(self) -> Path:
        """The file of the signer's key."""
        return self.folder / "ca.key"

    @property
    def next_certificate(self) -> Path:
        """The file of the CA that is to follow; missing when no replacement is under way."""
        return self.folder / "ca-next.crt"

    @property
    def next_key(self) -> Path:
        """The file of its key; missing once it has become `ca.key`."""
        return self.folder / "ca-next.key"

    def signer(self) -> Signer:
        """Return the CA that signs; raises BrokenCertificate."""
        return _signer(self.certificates, self.key)

    def next_signer(self) -> Signer:
        """Return the CA that is to follow; raises BrokenCertificate."""
        return _signer(self.next_certificate, self.next_key)

    def trusted(self) -> list[x509.Certificate]:
        """Return all trusted CA certificates; raises BrokenCertificate."""
        return _certificates(self.certificates)

    def trust(self, certificates: list[x509.Certificate]) -> None:
        """Replace the trusted CA certificates in one step, durably."""
        _write_certificates(self.certificates, certificates)

    def make(self, signer: Signer | None = None) -> None:
        """Write a new CA, or the given one."""
        signer = signer or make_signer()
        _write_certificates(self.certificates, [signer.certificate])
        write_durably(self.key, _key_text(signer.key))

    def make_next(self) -> None:
        """Make the CA that is to follow, unless an interrupted replacement has made it."""
        if self.next_key.exists():
            return
        signer = make_signer()
        _write_certificates(self.next_certificate, [signer.certificate])
        write_durably(self.next_key, _key_text(signer.key))


def make_signer(*, ends_at: dt.datetime | None = None) -> Signer:
    """Make a CA. Each has a new name, so that certificates of an earlier one are recognised."""
    ends_at = ends_at or dt.datetime.now(dt.UTC) + dt.timedelta(days=_AUTHORITY_DAYS)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = f"Retrato internal CA {x509.random_serial_number():x}"[:60]
    certificate = (
        builder(subject, common_name(subject), key)
        .not_valid_after(ends_at)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_signing_only(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Signer(certificate, key)


def builder(
    subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """Return what all certificates have in common; the end is missing."""
    return (
        x509.CertificateBuilder()
        .subject_name(common_name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime.now(dt.UTC) - _CLOCK_SKEW)
    )


def common_name(name: str) -> x509.Name:
    """Return a name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def authority_fingerprint(folder: Path) -> str:
    """Return the SHA-256 of the signing CA's certificate; raises BrokenCertificate."""
    return AuthorityFiles(folder).signer().fingerprint


def _signer(certificates: Path, key_file: Path) -> Signer:
    held = _certificates(certificates)
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (ValueError, TypeError):
        raise BrokenCertificate(f"{key_file}, line 1: this is no private key.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BrokenCertificate(f"{key_file}, line 1: this is no elliptic curve key.")
    for certificate in held:
        if certificate.public_key() == key.public_key():
            return Signer(certificate, key)
    raise BrokenCertificate(f"{key_file}, line 1: this is not the key of {certificates}.")


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError:
        raise BrokenCertificate(f"{file}, line 1: this is no certificate.") from None


def _write_certificates(file: Path, certificates: list[x509.Certificate]) -> None:
    texts = [one.public_bytes(serialization.Encoding.PEM).decode() for one in certificates]
    write_durably(file, "".join(texts), mode=0o644)


def _key_text(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


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
