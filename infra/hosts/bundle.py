"""What one host gets: files with their owners, folders, and nothing of any other host."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from infra.accounts import name_for

PRIVATE, READABLE = 0o600, 0o644
OWN, PASSABLE, SHOWN = 0o700, 0o711, 0o750
ROOT = "root"


@dataclass(frozen=True, slots=True)
class HostFile:
    """A file by its path on the host, readable by its owner unless the mode says more."""

    path: Path
    text: str
    owner: str
    mode: int = PRIVATE
    # A file that the host may have changed since stays as it is.
    only_if_missing: bool = False


@dataclass(frozen=True, slots=True)
class HostFolder:
    """A folder of a host."""

    path: Path
    owner: str
    mode: int


@dataclass(slots=True)
class Bundle:
    """All that is brought to a host; `owner` of a method is a role of the plan."""

    host: str
    files: list[HostFile] = field(default_factory=list)
    folders: dict[Path, HostFolder] = field(default_factory=dict)

    def file(
        self,
        path: Path,
        text: str,
        role: str,
        mode: int = PRIVATE,
        *,
        only_if_missing: bool = False,
    ) -> None:
        """Add a file for the account of a role."""
        self.files.append(HostFile(path, text, name_for(role), mode, only_if_missing))

    def folder(self, path: Path, role: str, mode: int = OWN) -> Path:
        """Add a folder for the account of a role; a folder is added once."""
        self.folders.setdefault(path, HostFolder(path, name_for(role), mode))
        return path

    def pair(self, certificate: Path, key: Path, role: str, target: Path) -> None:
        """Add a certificate, and its key for the account of a role, into a folder of the host."""
        text = certificate.read_text(encoding="ascii")
        self.file(target / certificate.name, text, ROOT_ROLE, READABLE)
        self.file(target / key.name, key.read_text(encoding="ascii"), role)

    @property
    def accounts(self) -> list[str]:
        """The accounts that own something here, but for root."""
        owners = {file.owner for file in self.files}
        owners |= {folder.owner for folder in self.folders.values()}
        return sorted(owners - {ROOT})


# Whatever root owns.
ROOT_ROLE = "supervisor"


def write_bundle(bundle: Bundle, place: Path) -> None:
    """Write a bundle into an empty folder of its own: numbered files, and a list of them."""
    place.mkdir(parents=True, mode=OWN)
    listed = []
    for number, file in enumerate(bundle.files):
        source = place / f"{number:03}"
        source.touch(mode=PRIVATE)
        source.write_text(file.text, encoding="utf-8")
        listed.append(
            {
                "source": source.name,
                "path": str(file.path),
                "owner": file.owner,
                "mode": file.mode,
                "only_if_missing": file.only_if_missing,
            }
        )
    document = {
        "host": bundle.host,
        "accounts": bundle.accounts,
        "folders": [
            {"path": str(one.path), "owner": one.owner, "mode": one.mode}
            for one in bundle.folders.values()
        ],
        "files": listed,
    }
    (place / "bundle.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
