"""Derives keys from the passphrase (scrypt, HKDF), and seals content with AES-256-GCM."""

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
# The salt is constant, so that the bucket and the passphrase are enough for a restore.
_SALT = b"retrato backups"
# 16 MiB per guess: a minimum of OWASP's cheat sheet for password storage.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 5


class WrongPassphrase(SuiteFailure):
    """The content was sealed with another passphrase, or it has changed."""


def derived_key(passphrase: str, purpose: str) -> str:
    """Derive a key of 64 hexadecimal digits; keys of different purposes are independent."""
    return _derived(passphrase, purpose).hex()


def seal(passphrase: str, purpose: str, content: bytes) -> bytes:
    """Encrypt content; `unseal` needs the same passphrase and purpose."""
    nonce = os.urandom(_NONCE_BYTES)
    cipher = AESGCM(_derived(passphrase, purpose))
    return _MAGIC + nonce + cipher.encrypt(nonce, content, purpose.encode())


def unseal(passphrase: str, purpose: str, sealed: bytes) -> bytes:
    """Decrypt sealed content; raises WrongPassphrase."""
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
