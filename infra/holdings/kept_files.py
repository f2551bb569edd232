"""Judges the run folder's small files: secrets, the authority's certificate, shard maps."""

from collections.abc import Iterator, Mapping

from infra.holdings.facts import FileFacts, MapFacts, Presence
from infra.holdings.findings import Case, Finding, Trouble
from infra.holdings.ledger import Ledger

# The databases contain these, or hashes made with them. The others may change at a start, which
# gives the databases' other roles the passwords of the file.
_VITAL = {"postgres_superuser", "session_token_key"}

# The section of the ledger that names the CA which is to follow the present one.
AUTHORITY_FOLLOWS = "authority_follows"

_SECRETS_DEPEND = "the databases refuse other passwords, and other keys sign everybody out"
_AUTHORITY_DEPENDS = "clients outside trust its certificate, and every certificate is signed by it"


def is_vital(secret: str) -> bool:
    """Whether stored data depends on this secret's value."""
    return secret in _VITAL


def compare_secrets(
    ledger: Ledger | None, secrets: FileFacts, was_complete: bool, notes: list[str]
) -> Iterator[Finding]:
    """Yield a finding unless the vital secrets are those that the suite was created with."""
    case = Case(Trouble.SECRETS, "secrets", str(secrets.file))
    known = ledger.secrets if ledger and ledger.secrets else {}
    if secrets.presence is Presence.DAMAGED:
        yield Finding(case, f"{secrets.damage}.", _SECRETS_DEPEND)
    elif secrets.presence is Presence.MISSING:
        if was_complete:
            yield Finding(case, f"{secrets.file} is missing.", _SECRETS_DEPEND)
    else:
        lost = sorted(name for name in known if name not in secrets.fingerprints)
        other = sorted(
            name
            for name, fingerprint in secrets.fingerprints.items()
            if known.get(name, fingerprint) not in {fingerprint, *secrets.former.get(name, ())}
        )
        vital = [name for name in (*lost, *other) if is_vital(name)]
        if vital:
            yield Finding(case, _strange_secrets(secrets, lost, other), _SECRETS_DEPEND)
        elif lost or other:
            notes.append(f"{secrets.file} has other values than before: {_some(lost + other)}")


def _strange_secrets(secrets: FileFacts, lost: list[str], other: list[str]) -> str:
    if len(other) == len(secrets.fingerprints):
        return f"{secrets.file} is of another suite: none of its values is the one used before."
    if lost:
        return f"{secrets.file} lacks {_some(lost)}."
    return f"{secrets.file} has other values than the suite was made with: {_some(other)}."


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def compare_authority(
    ledger: Ledger | None, authority: FileFacts, was_complete: bool
) -> Iterator[Finding]:
    """Yield a finding unless the internal CA is the one that the suite was created with."""
    case = Case(Trouble.AUTHORITY, "pki", str(authority.file))
    known = ledger.authority if ledger else None
    if authority.presence is Presence.DAMAGED:
        yield Finding(case, f"{authority.damage}.", _AUTHORITY_DEPENDS)
    elif authority.presence is Presence.MISSING:
        if was_complete:
            yield Finding(case, f"{authority.file} is missing.", _AUTHORITY_DEPENDS)
    elif ledger and known is not None and authority.fingerprints[""] not in _expected(ledger):
        yield Finding(
            case, f"{authority.file} is another authority than before.", _AUTHORITY_DEPENDS
        )


def _expected(ledger: Ledger) -> set[str | None]:
    """Return the CA that the suite had, and during a replacement the one that follows it."""
    follows = ledger.sections.get(AUTHORITY_FOLLOWS) or {}
    following = follows.get("to") if follows.get("from") == ledger.authority else None
    return {ledger.authority, following}


def compare_maps(
    ledger: Ledger | None, maps: Mapping[str, MapFacts], was_complete: bool, notes: list[str]
) -> Iterator[Finding]:
    """Yield a finding per shard map that is not the latest; a missing one can be read back."""
    for group, found in maps.items():
        known = ledger.maps.get(group) if ledger else None
        case = Case(Trouble.SHARD_MAP, f"{group}.map", str(found.file))
        depends = f"the services of {group} find its shards by it"
        if found.presence is Presence.DAMAGED:
            yield Finding(case, f"{found.damage}.", depends)
        elif found.presence is Presence.MISSING:
            if was_complete:
                notes.append(f"{found.file} is missing: it will be read back from the primaries")
        elif known and found.sha256 != known.sha256 and found.version <= known.version:
            sentence = (
                f"{found.file} is not the map that was written last: it has version"
                f" {found.version}, and the last one, of other content, had {known.version}."
            )
            yield Finding(case, sentence, depends)
