"""Puts aside a suite whose place in the run folder a restored one takes; deletes nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path

from infra.json_files import write_durably
from infra.secret_values import SUPERUSER, lineage_of
from infra.suite import Suite


def has_suite(suite: Suite) -> bool:
    """Whether the folder has the secrets of a suite."""
    # An installation makes places for what only its operator knows, before there is a suite.
    return SUPERUSER in _ours(suite)


def is_of_another(suite: Suite, secrets: bytes) -> bool:
    """Whether the folder has a suite, and these secrets are not its own."""
    return has_suite(suite) and lineage_of(_ours(suite)) != lineage_of(json.loads(secrets))


def put_another_aside(suite: Suite) -> Path:
    """Move what belongs to the present suite into a folder beside it; returns that folder.

    Its secrets stay until `adopt` replaces them, so an interrupted call is done again. What belongs
    to the machine stays too: the public name's certificate, logs and metrics.
    """
    folder = suite.folder
    aside = folder.root / f"another-suite.aside-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    aside.mkdir(mode=0o700, exist_ok=True)
    (aside / folder.secrets_file.name).write_bytes(folder.secrets_file.read_bytes())
    (aside / folder.secrets_file.name).chmod(0o600)
    own = (
        folder.data / "postgres",
        folder.data / "redis",
        folder.etcd,
        folder.store,
        folder.shard_maps,
        folder.pki,
        folder.ledger_file,
    )
    for path in own:
        if path.exists():
            path.rename(aside / path.name)
    return aside


def adopt(suite: Suite, secrets: bytes) -> None:
    """Write the restored secrets, with what only this machine's operator knows."""
    ours = _ours(suite)
    given = [secret.name for secret in suite.plan.secrets if secret.given]
    kept = {name: ours[name] for name in given if ours.get(name)}
    merged = {**json.loads(secrets), **kept}
    write_durably(suite.folder.secrets_file, json.dumps(merged, indent=1) + "\n")


def _ours(suite: Suite) -> dict[str, str]:
    file = suite.folder.secrets_file
    known: dict[str, str] = json.loads(file.read_bytes()) if file.exists() else {}
    return known
