"""The public name's certificate: where it comes from, and whether it may be shown."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from infra.certificates import KeyPair
from infra.plan.figures import Public
from infra.run_folder import RunFolder

# The name of the pair in the internal authority's folder.
OWN_PAIR = "public"
_KEY_MODE = 0o600


class PublicCertificate:
    """The pair that the balancers show, and the pairs that may take its place."""

    def __init__(self, folder: RunFolder, public: Public) -> None:
        self._folder = folder
        self._public = public
        self.shown = KeyPair(folder.public / "certificate.pem", folder.public / "key.pem")

    @property
    def issued(self) -> KeyPair:
        """The pair that the ACME client writes."""
        stem = self._folder.acme / "certificates" / self._public.domain
        return KeyPair(Path(f"{stem}.crt"), Path(f"{stem}.key"))

    def is_placed(self) -> bool:
        """Whether the balancers read the pair that is to be shown."""
        return all(
            place.exists() and place.read_bytes() == content
            for place, content in self._wanted_contents()
        )

    def place(self) -> None:
        """Copy the pair that is to be shown to where the balancers read it.

        One that does not fit is left where it is, and the former one is shown on.
        """
        # A reader between the two finds no pair; nginx reads both only when it is told to.
        for place, content in self._wanted_contents():
            draft = place.with_name(f"{place.name}.draft")
            draft.touch(mode=_KEY_MODE)
            draft.write_bytes(content)
            draft.replace(place)

    def _wanted_contents(self) -> list[tuple[Path, bytes]]:
        source = self._source()
        return [
            (self.shown.key, source.key.read_bytes()),
            (self.shown.certificate, source.certificate.read_bytes()),
        ]

    def issued_now(self) -> x509.Certificate | None:
        """Return the certificate that the ACME client holds; None if there is none that fits."""
        if problem_of(self.issued, self._public.domain) is not None:
            return None
        return x509.load_pem_x509_certificate(self.issued.certificate.read_bytes())

    def shown_now(self) -> x509.Certificate | None:
        """Return the certificate that the balancers read; None before the first start."""
        try:
            return x509.load_pem_x509_certificate(self.shown.certificate.read_bytes())
        except (OSError, ValueError):
            return None

    def problem(self) -> str | None:
        """Return why the wanted pair is not shown, as a sentence; None if it is."""
        wanted = self._wanted()
        return None if wanted is None else problem_of(wanted, self._public.domain)

    def _wanted(self) -> KeyPair | None:
        if self._public.certificate == "files":
            return KeyPair(Path(self._public.certificate_file), Path(self._public.key_file))
        return self.issued if self._public.certificate == "acme" else None

    def _source(self) -> KeyPair:
        """Return the wanted pair if it fits, or else the shown one, or else our own."""
        own = self._folder.pki / OWN_PAIR
        ours = KeyPair(own.with_suffix(".crt"), own.with_suffix(".key"))
        wanted = self._wanted()
        if wanted is None:
            return ours
        for pair in (wanted, self.shown):
            if problem_of(pair, self._public.domain) is None:
                return pair
        return ours


def problem_of(pair: KeyPair, domain: str) -> str | None:
    """Return why a pair cannot be shown for this name, as a sentence; None if it can."""
    if not pair.certificate.exists():
        return f"{pair.certificate} is not there yet."
    try:
        chain = x509.load_pem_x509_certificates(pair.certificate.read_bytes())
        key = serialization.load_pem_private_key(pair.key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        return f"{pair.certificate} and {pair.key} are no certificate with its key: {error}."
    first = chain[0]
    if key.public_key() != first.public_key():
        return f"{pair.key} is not the key of {pair.certificate}."
    if not covers(_names(first), domain):
        return f"{pair.certificate} is not for {domain}."
    if first.not_valid_after_utc <= dt.datetime.now(dt.UTC):
        return f"{pair.certificate} ended {first.not_valid_after_utc:%Y-%m-%d %H:%M} UTC."
    return None


def covers(names: Iterable[str], domain: str) -> bool:
    """Whether one of a certificate's names is the domain, or `*.` with all but its first label."""
    _first, _dot, behind = domain.partition(".")
    return not {domain, f"*.{behind}"}.isdisjoint(name.lower() for name in names)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return found.value.get_values_for_type(x509.DNSName)
