"""Migration files: numbered, forward only, never changed once they have been applied."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.sharding.shard_map import schema_of

FOUNDATION = Path(__file__).with_name("migrations")

_FILE_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")


class MigrationError(RuntimeError):
    """Migrations that cannot be applied; the sentence says which and why."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file; `name` carries its folder's owner, as in `users/0001_accounts.sql`."""

    name: str
    text: str
    checksum: str

    def for_shard(self, shard: int) -> str:
        """The statements for one shard: `:schema` and `:shard` are filled in, as psql would."""
        schema = schema_of(shard)
        return re.sub(r"(?<!:):shard\b", str(shard), self.text.replace(":schema", schema))


def read_migrations(directories: Iterable[Path]) -> list[Migration]:
    """The files of the directories in order; a directory that does not exist has none.

    Raises MigrationError for a file without a number, or two with the same.
    """
    migrations: list[Migration] = []
    for directory in directories:
        numbers: dict[str, str] = {}
        for path in sorted(directory.glob("*.sql")):
            if not _FILE_NAME.fullmatch(path.name):
                raise MigrationError(f"{path} is not named like 0001_what_it_does.sql")
            number = path.name[:4]
            if number in numbers:
                raise MigrationError(f"{path} has the same number as {numbers[number]}")
            numbers[number] = path.name
            text = path.read_text(encoding="utf-8")
            checksum = hashlib.sha256(text.encode()).hexdigest()
            migrations.append(Migration(f"{directory.parent.name}/{path.name}", text, checksum))
    return migrations


def pending(migrations: list[Migration], applied: Mapping[str, str], shard: int) -> list[Migration]:
    """What a shard still needs, given what it has applied (name to checksum).

    Raises MigrationError if an applied file was changed, or if one would have to go in between.
    """
    missing: list[Migration] = []
    for migration in migrations:
        checksum = applied.get(migration.name)
        if checksum is None:
            missing.append(migration)
        elif checksum != migration.checksum:
            raise MigrationError(
                f"{migration.name} was changed after it had been applied to shard {shard}: "
                "take the change back and put it into a new file with the next number."
            )
        elif missing and _same_folder(missing[-1], migration):
            raise MigrationError(
                f"{missing[-1].name} comes before {migration.name}, which shard {shard} has "
                "applied already: give it the next number."
            )
    return missing


def _same_folder(one: Migration, other: Migration) -> bool:
    return one.name.partition("/")[0] == other.name.partition("/")[0]
