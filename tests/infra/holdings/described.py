"""Ledgers and facts of a suite with two primaries: complete, or with changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.holdings.comparison import Expected
from infra.holdings.facts import Facts, FileFacts, MapFacts, Presence, ServerFacts, StoreFacts
from infra.holdings.ledger import Ledger, MapEntry, PrimaryEntry, StoreEntry

RUN = Path("/run-folder")
PRIMARIES = {
    "users-a": Expected("users", range(32), ("users-a-replica",)),
    "users-b": Expected("users", range(32, 64), ("users-b-replica",)),
}


def whole_ledger(**changes: Any) -> Ledger:
    """Return the ledger after a clean stop, with `changes`."""
    values: dict[str, Any] = {
        "suite": "5u17e",
        "sequence": 7,
        "network": "127.20",
        "secrets": {"postgres_superuser": "aa", "session_token_key": "bb", "media_token": "cc"},
        "authority": "dd",
        "maps": {"users": MapEntry(version=1, sha256="ee")},
        "primaries": {
            "users-a": PrimaryEntry(
                group="users",
                system_identifier="1111",
                timeline=1,
                position=5000,
                shards=((0, 31),),
            ),
            "users-b": PrimaryEntry(
                group="users",
                system_identifier="2222",
                timeline=1,
                position=6000,
                shards=((32, 63),),
            ),
        },
        "store": StoreEntry(identity="s70", objects=1000),
    }
    return Ledger(**(values | changes))


def whole_facts() -> Facts:
    """Return the facts on disk after a clean stop."""
    return Facts(
        servers={
            "users-a": _server("users-a", "1111", 5000),
            "users-a-replica": _server("users-a-replica", "1111", 5000, is_standby=True),
            "users-b": _server("users-b", "2222", 6000),
            "users-b-replica": _server("users-b-replica", "2222", 6000, is_standby=True),
        },
        secrets=FileFacts(
            RUN / "secrets.json",
            Presence.WHOLE,
            fingerprints={
                "postgres_superuser": "aa",
                "session_token_key": "bb",
                "media_token": "cc",
            },
        ),
        authority=FileFacts(RUN / "pki/ca.crt", Presence.WHOLE, fingerprints={"": "dd"}),
        maps={"users": MapFacts(RUN / "users.json", Presence.WHOLE, version=1, sha256="ee")},
        store=StoreFacts("/run-folder/store", Presence.WHOLE, "", "s70", "5u17e", 1000),
    )


def nothing() -> Facts:
    """Return the facts of an empty run folder."""
    facts = whole_facts()
    return Facts(
        servers={name: ServerFacts(name, RUN / name, Presence.MISSING) for name in facts.servers},
        secrets=FileFacts(RUN / "secrets.json", Presence.MISSING),
        authority=FileFacts(RUN / "pki/ca.crt", Presence.MISSING),
        maps={"users": MapFacts(RUN / "users.json", Presence.MISSING)},
        store=StoreFacts("/run-folder/store", Presence.MISSING),
    )


def with_server(facts: Facts, name: str, **changes: Any) -> Facts:
    """Return the facts with another state of one server."""
    changed = replace(facts.servers[name], **changes)
    return replace(facts, servers={**facts.servers, name: changed})


def _server(name: str, identifier: str, position: int, *, is_standby: bool = False) -> ServerFacts:
    return ServerFacts(
        name=name,
        folder=RUN / name,
        presence=Presence.WHOLE,
        system_identifier=identifier,
        timeline=1,
        position=position,
        log_begins=1000,
        is_standby=is_standby,
    )
