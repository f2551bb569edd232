"""Keys made from the one passphrase, and bytes sealed with them: AES-256-GCM, scrypt, HKDF."""

import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from infra.control.failures import SuiteFailure

_MAGIC = b"retrato-sealed-1\n"
_NONCE_BYTES = 12
_KEY_BYTES = 32
# The same on every machine: whoever has the bucket and the passphrase has all that is needed.
_SALT = b"retrato backups"
# 16 MiB and some 50 ms a guess, as OWASP's cheat sheet for password storage asks for at least.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 5


class WrongPassphrase(SuiteFailure):
    """The bytes were sealed with another passphrase, or somebody has changed them."""


def derived_key(passphrase: str, purpose: str) -> str:
    """A key of 64 hexadecimal digits for one purpose; none of them tells another."""
    return _derived(passphrase, purpose).hex()


def seal(passphrase: str, purpose: str, content: bytes) -> bytes:
    """The content as only the passphrase opens it; `purpose` says what it is."""
    nonce = os.urandom(_NONCE_BYTES)
    cipher = AESGCM(_derived(passphrase, purpose))
    return _MAGIC + nonce + cipher.encrypt(nonce, content, purpose.encode())


def unseal(passphrase: str, purpose: str, sealed: bytes) -> bytes:
    """What was sealed; raises WrongPassphrase."""
    body = sealed.removeprefix(_MAGIC)
    nonce, encrypted = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
    try:
        if not sealed.startswith(_MAGIC):
            raise InvalidTag
        return AESGCM(_derived(passphrase, purpose)).decrypt(nonce, encrypted, purpose.encode())
    except InvalidTag:
        raise WrongPassphrase(
            f"The {purpose} in the backups cannot be opened: the passphrase is another one than"
            " it was sealed with, or it is damaged."
        ) from None


def _derived(passphrase: str, purpose: str) -> bytes:
    expand = HKDFExpand(hashes.SHA256(), _KEY_BYTES, purpose.encode())
    return expand.derive(_stretched(passphrase))


@cache
def _stretched(passphrase: str) -> bytes:
    stretch = Scrypt(salt=_SALT, length=_KEY_BYTES, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
    return stretch.derive(passphrase.strip().encode())
