"""Where a suite's backups are: a bucket, a prefix in it, and the keys."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra.backups.sealing import derived_key
from infra.plan.figures import Backup
from infra.suite import Suite

_SUITE_DIGITS = 12
_HTTPS_PORT = 443
# Debian's file, which pgBackRest and rclone use by default; botocore has its own.
SYSTEM_CA_FILE = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, slots=True)
class Place:
    """An S3 bucket and a suite's prefix in it; without `ca_file` the system's CAs are trusted."""

    host: str
    port: int
    bucket: str
    region: str
    access_key: str
    secret_key: str
    ca_file: Path | None
    suite_name: str
    passphrase: str

    @property
    def endpoint(self) -> str:
        """The store's URL."""
        return f"https://{self.host}:{self.port}"

    def key(self, *parts: str) -> str:
        """Return an object key below the suite's prefix."""
        return "/".join((self.suite_name, *parts))

    def derived(self, purpose: str) -> str:
        """Derive a secret from the passphrase, as 64 hexadecimal digits."""
        return derived_key(self.passphrase, purpose)


def place_of(suite: Suite) -> Place:
    """Return the place of this suite's backups."""
    backup = suite.plan.backup
    passphrase = suite.secrets["backup_passphrase"]
    access_key, secret_key = bucket_keys(suite)
    if backup.embedded:
        host, port = backup.address, backup.port
        ca_file: Path | None = suite.ca_file
    else:
        url = urlsplit(backup.endpoint)
        host, port = url.hostname or "", url.port or _HTTPS_PORT
        ca_file = named_authority(backup)
    return Place(
        host=host,
        port=port,
        bucket=backup.bucket,
        region=backup.region,
        access_key=access_key,
        secret_key=secret_key,
        ca_file=ca_file,
        suite_name=suite_name(suite),
        passphrase=passphrase,
    )


def named_authority(backup: Backup) -> Path | None:
    """Return the CA file for an external store; None means the system's CAs."""
    return Path(backup.ca_file).absolute() if backup.ca_file else None


def suite_name(suite: Suite) -> str:
    """Return the prefix in the bucket, which is random so that suites can share a bucket."""
    return f"suite-{suite.secrets['backup_suite'][:_SUITE_DIGITS]}"


def bucket_keys(suite: Suite) -> tuple[str, str]:
    """Return the access key and its secret; an embedded store's derive from the passphrase."""
    if not suite.plan.backup.embedded:
        return suite.secrets["backup_access_key"], suite.secrets["backup_secret_key"]
    return embedded_keys(suite.secrets["backup_passphrase"])


def embedded_keys(passphrase: str) -> tuple[str, str]:
    """Return the access key and the secret of an embedded backup store."""
    return derived_key(passphrase, "store access key"), derived_key(passphrase, "store secret key")


def backup_folder(suite: Suite) -> Path:
    """Return the folder of the embedded backup store."""
    named = suite.plan.backup.folder
    return Path(named).absolute() if named else suite.folder.backups
