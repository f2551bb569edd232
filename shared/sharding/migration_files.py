"""Migration files: numbered, forward only, and never changed after they were applied.

Each statement must name `:schema`. Otherwise it could reach another shard's tables, or create a
table that all shards of a primary share.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.sharding.shard_map import schema_of

FOUNDATION = Path(__file__).with_name("migrations")

_FILE_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")

# Comments and literals: a semicolon or `:schema` inside them does not count.
_COMMENT = r"--[^\n]*|/\*.*?\*/"
_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(?P<tag>\$[a-z_]*\$).*?(?P=tag)"
_PIECES = re.compile(f"(?P<comment>{_COMMENT})|(?P<quoted>{_QUOTED})|;|:schema\\b", re.DOTALL)
_TEXT_SHOWN_MAX = 100


class MigrationError(RuntimeError):
    """A migration cannot be applied; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file; `name` begins with its owner, such as `users/0001_accounts.sql`."""

    name: str
    text: str
    checksum: str

    def for_shard(self, shard: int) -> str:
        """Return the text for one shard, with `:schema` and `:shard` replaced."""
        return _filled_in(self.text, shard)

    def statements_for_shard(self, shard: int) -> list[str]:
        """Return the same text as single statements, to find one that fails."""
        return [_filled_in(text, shard) for text, _names_schema in _statements(self.text)]


def shown(statement: str) -> str:
    """Return the beginning of a statement on one line, without comments."""
    line = " ".join(re.sub(_COMMENT, "", statement, flags=re.DOTALL).split())
    return line if len(line) <= _TEXT_SHOWN_MAX else f"{line[:_TEXT_SHOWN_MAX]}…"


def read_migrations(directories: Iterable[Path]) -> list[Migration]:
    """Read the files of the directories in order; a directory that does not exist counts as empty.

    Raises MigrationError for a file without a number, for two files with the same number, and for
    a statement without `:schema`.
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
            _require_schema(path, text)
            checksum = hashlib.sha256(text.encode()).hexdigest()
            migrations.append(Migration(f"{directory.parent.name}/{path.name}", text, checksum))
    return migrations


def pending(migrations: list[Migration], applied: Mapping[str, str], shard: int) -> list[Migration]:
    """Return the migrations that a shard lacks; `applied` maps names to checksums.

    Raises MigrationError if an applied file was changed, or if a missing one has a lower number
    than an applied one.
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


def unknown_to(migrations: Iterable[Migration], applied: Iterable[str]) -> list[str]:
    """Return applied names that this code lacks; then the code is older than the schema."""
    known = {migration.name for migration in migrations}
    return sorted(name for name in applied if name not in known)


def _require_schema(path: Path, text: str) -> None:
    for statement, names_schema in _statements(text):
        if not names_schema:
            raise MigrationError(
                f"{path.parent.parent.name}/{path.name} has a statement that does not name :schema,"
                f" so it would not stay within its shard: {shown(statement)}"
            )


def _statements(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each statement, and whether it names `:schema` outside of comments and literals.

    A function's body is a literal, so its own name must have the schema.
    """
    begin, names_schema = 0, False
    for piece in _PIECES.finditer(text):
        names_schema = names_schema or piece[0] == ":schema"
        if piece[0] == ";":
            yield text[begin : piece.end()], names_schema
            begin, names_schema = piece.end(), False
    rest = text[begin:]
    if re.sub(_COMMENT, "", rest, flags=re.DOTALL).strip():
        yield rest, names_schema


def _filled_in(text: str, shard: int) -> str:
    return re.sub(r"(?<!:):shard\b", str(shard), text.replace(":schema", schema_of(shard)))


def _same_folder(one: Migration, other: Migration) -> bool:
    return one.name.partition("/")[0] == other.name.partition("/")[0]
