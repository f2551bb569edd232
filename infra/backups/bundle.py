"""The bundle that a restore needs besides data: secrets, certificates, shard maps, topology."""

import hashlib
import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from infra.backups.bucket import Bucket
from infra.backups.place import Place
from infra.backups.sealing import seal, unseal
from infra.backups.subprocesses import BackupFailure
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import TOPOLOGY_FILE

_PURPOSE = "bundle of keys"
_TOPOLOGY = "topology.toml"
# Old bundles are kept, because an older shard map tells where shards were at that time.
_KEPT_MAX = 50


def bundle_files(suite: Suite) -> dict[str, bytes]:
    """Map each file of the bundle, by its name relative to the run folder, to its content."""
    folder = suite.folder
    files = [
        folder.secrets_file,
        folder.limits_file,
        *(folder.pki.glob("ca.*")),
        *(folder.shard_map(group) for group in suite.plan.groups),
    ]
    content = {str(file.relative_to(folder.root)): file.read_bytes() for file in files}
    return content | {_TOPOLOGY: TOPOLOGY_FILE.read_bytes()}


def packed(files: dict[str, bytes]) -> bytes:
    """Pack the files into a tar archive; equal files give equal bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    """Unpack an archive; raises BackupFailure for names outside of the run folder."""
    files = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for entry in archive.getmembers():
            opened = archive.extractfile(entry)
            path = Path(entry.name)
            if opened is None or path.is_absolute() or ".." in path.parts:
                raise BackupFailure(f"The bundle contains {entry.name!r}, which is not allowed.")
            files[entry.name] = opened.read()
    return files


async def keep_bundle(bucket: Bucket, place: Place, suite: Suite, last_digest: str) -> str:
    """Write the bundle if it differs from the last one; returns its digest."""
    content = packed(bundle_files(suite))
    digest = hashlib.sha256(content).hexdigest()
    if digest != last_digest:
        held = await bucket.items(place.key("bundle") + "/")
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{digest[:16]}"
        if not any(item.key.endswith(digest[:16]) for item in held[-1:]):
            await bucket.put(place.key("bundle", name), seal(place.passphrase, _PURPOSE, content))
        for item in held[: -_KEPT_MAX + 1]:
            await bucket.delete(item.key)
    return digest


async def read_bundle(bucket: Bucket, place: Place, at: datetime | None) -> dict[str, bytes]:
    """Read the newest bundle, or the one that was valid at a time; raises BackupFailure."""
    held = await bucket.items(place.key("bundle") + "/")
    if not held:
        raise BackupFailure(f"There is no backup of {place.suite_name} in {place.bucket}.")
    before = [item for item in held if at is None or item.modified_at <= at]
    chosen = before[-1] if before else held[0]
    sealed = await bucket.find(chosen.key)
    if sealed is None:
        raise BackupFailure(f"The bundle {chosen.key} has just been removed: try once more.")
    return unpacked(unseal(place.passphrase, _PURPOSE, sealed))


def write_bundle(files: dict[str, bytes], folder: RunFolder) -> None:
    """Write the files into the run folder; existing files stay unchanged."""
    for name, content in files.items():
        file = folder.root / name
        if name == _TOPOLOGY or file.exists():
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o644 if name.endswith((".crt", "limits")) else 0o600)
        file.write_bytes(content)


def write_topology(files: dict[str, bytes], folder: RunFolder) -> Path:
    """Write the bundle's topology into a file for comparison; returns its path."""
    file = folder.root / "etc" / "topology-of-the-backups.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(files[_TOPOLOGY])
    return file


def topology_differs(files: dict[str, bytes]) -> bool:
    """Whether the bundle's topology differs from the present one."""
    return files.get(_TOPOLOGY) != TOPOLOGY_FILE.read_bytes()
