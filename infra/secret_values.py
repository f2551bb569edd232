"""Passwords and keys of a suite: made once at random, kept in one file for its owner only."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.json_files import read_json, write_durably
from infra.topology import Topology

KEY_BYTES = 32
# Of another store than ours; made up until the operator writes the true ones in their place.
SECOND_BUCKET_KEYS = ("s3_second_access_key", "s3_second_secret_key")
BACKUP_BUCKET_KEYS = ("backup_access_key", "backup_secret_key")


class SecretValues:
    """Named secrets, each a string safe in a URL, a shell and a configuration file."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def internal_keys(self, audiences: tuple[str, ...]) -> dict[str, str]:
        """The keys of internal tokens for these audiences."""
        return {audience: self._values[f"internal_key_{audience}"] for audience in audiences}


def open_secrets(file: Path, topology: Topology, *, may_make: bool = True) -> SecretValues:
    """Read the file; what the topology needs and the file lacks is made and written first.

    Raises SuiteFailure if the file is broken, or lacks something that may not be made.
    """
    known: dict[str, str] = read_json(file) if file.exists() else {}
    missing = [name for name in _names(topology) if name not in known]
    if missing and not may_make:
        raise SuiteFailure(
            f"{file} {'lacks ' + missing[0] if known else 'is missing'}: run `make up`, which says"
            " what can be done."
        )
    if missing:
        known |= {name: secrets.token_hex(KEY_BYTES) for name in missing}
        write_durably(file, json.dumps(known, indent=1) + "\n")
    return SecretValues(known)


def _names(topology: Topology) -> list[str]:
    return [
        "postgres_superuser",
        "postgres_replication",
        *(f"postgres_{group}" for group in topology.groups),
        *(f"redis_{name}" for name in topology.redises),
        *(f"internal_key_{service}" for service in topology.services),
        "redis_operator",
        "s3_access_key",
        "s3_secret_key",
        "session_token_key",
        "balancer_token",
        "media_signing_key",
        "media_token",
        # The passphrase of the backups, and the name under which this suite's lie in the bucket.
        "backup_passphrase",
        "backup_suite",
        *(() if topology.backup.embedded else BACKUP_BUCKET_KEYS),
        *(SECOND_BUCKET_KEYS if topology.store.second is not None else ()),
    ]
