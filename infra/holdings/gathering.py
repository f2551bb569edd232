"""Gathers the facts about a run folder; it only reads, and nothing needs to run."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from infra.accounts import account_for
from infra.authority_files import BrokenCertificate, authority_fingerprint
from infra.control.failures import SuiteFailure
from infra.holdings.control_data import (
    FolderDamaged,
    log_begins,
    log_reaches,
    read_control_data,
    require_log,
    require_parts,
)
from infra.holdings.facts import Facts, FileFacts, MapFacts, Presence, ServerFacts
from infra.holdings.last_leaders import last_leader
from infra.holdings.ledger import Ledger, file_sha256
from infra.holdings.store_marker import look_at_store
from infra.json_files import read_json
from infra.leaders import followers
from infra.plan.parts import Member
from infra.rendering.postgres import data_folder
from infra.secret_values import ROTATION_MARKS, former_values
from infra.suite import Suite
from shared.sharding.shard_map import ShardMapError, parse_shard_map

# Postgres starts only in a folder with mode 0700 or 0750.
_NOT_FOR_OTHERS = 0o027


async def gather_facts(suite: Suite, ledger: Ledger | None, in_use: Collection[str]) -> Facts:
    """Gather all facts; `in_use` names the running Postgres servers."""
    nodes = suite.plan.members
    # Each call runs a program of Postgres, which takes some milliseconds.
    servers = await asyncio.gather(
        *(asyncio.to_thread(_look_at_server, suite, node, node.name in in_use) for node in nodes)
    )
    by_name = _by_role(suite, {server.name: server for server in servers})
    by_name = await asyncio.to_thread(_follow_logs, suite, by_name, ledger)
    return Facts(
        servers=by_name,
        secrets=look_at_secrets(suite.folder.secrets_file, ledger),
        authority=_look_at_authority(suite, ledger),
        maps={group: _look_at_map(suite.folder.shard_map(group)) for group in suite.plan.groups},
        store=await look_at_store(suite),
    )


def _by_role(suite: Suite, servers: Mapping[str, ServerFacts]) -> dict[str, ServerFacts]:
    """Give each database's first name to the facts about the member that led last."""
    named = dict(servers)
    for database in suite.plan.databases:
        first = last_leader(suite, database)
        in_turn = (first, *(one for one in database.members if one != first))
        for member, found in zip(database.members, in_turn, strict=True):
            named[member.name] = replace(servers[found.name], name=member.name)
    return named


def _look_at_server(suite: Suite, node: Member, in_use: bool) -> ServerFacts:
    folder = data_folder(suite, node)
    if not folder.exists():
        return ServerFacts(node.name, folder, Presence.MISSING)
    try:
        _require_owner(folder)
        control = read_control_data(folder)
        require_parts(folder)
        _require_closed(folder)
        if not in_use:
            require_log(folder, control)
    except FolderDamaged as damage:
        return ServerFacts(node.name, folder, Presence.DAMAGED, str(damage))
    except OSError as error:
        why = f"{error.filename}: {error.strerror}"
        return ServerFacts(node.name, folder, Presence.DAMAGED, why)
    return ServerFacts(
        name=node.name,
        folder=folder,
        presence=Presence.IN_USE if in_use else Presence.WHOLE,
        system_identifier=control.system_identifier,
        timeline=control.timeline,
        position=control.position,
        log_begins=log_begins(folder, control),
        is_standby=(folder / "standby.signal").exists(),
    )


def _require_owner(folder: Path) -> None:
    account = account_for("postgres")
    owner_uid = folder.stat().st_uid
    if owner_uid != account.uid:
        raise FolderDamaged(f"it belongs to user {owner_uid}, and Postgres runs as {account.name}")


def _require_closed(folder: Path) -> None:
    if folder.stat().st_mode & _NOT_FOR_OTHERS:
        raise FolderDamaged(
            f"others may write or look into it, which Postgres refuses: `chmod 700 {folder}`"
        )


def _follow_logs(
    suite: Suite, servers: Mapping[str, ServerFacts], ledger: Ledger | None
) -> dict[str, ServerFacts]:
    """Find where the servers' WAL ends, which is later than their control files say.

    A killed server has written more, and a clean stop writes the checkpoint's own record. The
    WAL is read only as far as the ledger or a replica claims.
    """
    followed = dict(servers)
    for group in suite.plan.own_groups.values():
        for database in group.databases:
            server = servers[database.name]
            entry = ledger.primaries.get(server.name) if ledger else None
            claimed = [entry.position] if entry and entry.timeline == server.timeline else []
            claimed += [
                servers[replica.name].position
                for replica in followers(database)
                if servers[replica.name].system_identifier == server.system_identifier
            ]
            if server.presence is Presence.WHOLE:
                followed[server.name] = _followed_to(server, claimed)
    return followed


def _followed_to(server: ServerFacts, claimed: Iterable[int]) -> ServerFacts:
    control = read_control_data(server.folder)
    reached = server.position
    for position in sorted(claimed):
        if position > reached and log_reaches(server.folder, control, position):
            reached = position
    return ServerFacts(
        name=server.name,
        folder=server.folder,
        presence=server.presence,
        system_identifier=server.system_identifier,
        timeline=server.timeline,
        position=reached,
        log_begins=server.log_begins,
        is_standby=server.is_standby,
    )


def look_at_secrets(file: Path, ledger: Ledger | None) -> FileFacts:
    """Return the secrets' fingerprints by the ledger's key; without a ledger they are ''.

    The values of a rotation under way are no secrets of their own.
    """
    if not file.exists():
        return FileFacts(file, Presence.MISSING)
    try:
        values = read_json(file)
    except SuiteFailure as failure:
        return FileFacts(file, Presence.DAMAGED, str(failure).rstrip("."))
    names = [name for name in values if not name.endswith(ROTATION_MARKS)]
    if ledger is None:
        return FileFacts(file, Presence.WHOLE, fingerprints=dict.fromkeys(names, ""))
    return FileFacts(
        file,
        Presence.WHOLE,
        fingerprints={name: ledger.fingerprint(str(values[name])) for name in names},
        former={
            name: frozenset(map(ledger.fingerprint, former_values(values, name))) for name in names
        },
    )


def _look_at_authority(suite: Suite, ledger: Ledger | None) -> FileFacts:
    pki = suite.folder.pki
    if not suite.plan.certificates.embedded:
        # Whoever signs may replace the authority at any time, and nothing of ours depends on it.
        known = ledger.authority if ledger else None
        presence = Presence.MISSING if known is None else Presence.WHOLE
        return FileFacts(pki / "ca.crt", presence, fingerprints={"": known or ""})
    files = (pki / "ca.crt", pki / "ca.key")
    lost = [file for file in files if not file.exists()]
    if lost:
        # One file without the other is damage, and shows that an authority existed.
        is_half = len(lost) == 1
        damage = f"{lost[0]} is missing" if is_half else ""
        return FileFacts(lost[0], Presence.DAMAGED if is_half else Presence.MISSING, damage)
    try:
        return FileFacts(files[0], Presence.WHOLE, fingerprints={"": authority_fingerprint(pki)})
    except BrokenCertificate as broken:
        return FileFacts(files[0], Presence.DAMAGED, str(broken).rstrip("."))


def _look_at_map(file: Path) -> MapFacts:
    if not file.exists():
        return MapFacts(file, Presence.MISSING)
    try:
        read_json(file)  # its error names the line
        shard_map = parse_shard_map(file.read_bytes())
    except ShardMapError as error:
        return MapFacts(file, Presence.DAMAGED, f"{file}: {error}")
    except SuiteFailure as failure:
        return MapFacts(file, Presence.DAMAGED, str(failure).rstrip("."))
    return MapFacts(
        file,
        Presence.WHOLE,
        version=shard_map.version,
        sha256=file_sha256(file),
        shards_by_primary={name: shard_map.shards_on(name) for name in shard_map.primaries},
    )
