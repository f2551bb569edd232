"""A table of all contradictions between ledger, disk and topology."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from infra.holdings.comparison import compare
from infra.holdings.facts import Facts, FileFacts, MapFacts, Presence, StoreFacts
from infra.holdings.findings import Case, Trouble, Verdict, Words, remedies_of, report_of
from infra.holdings.ledger import Ledger, PrimaryEntry, changed
from tests.infra.holdings.described import (
    PRIMARIES,
    RUN,
    nothing,
    whole_facts,
    whole_ledger,
    with_server,
)

GONE = Presence.MISSING
BROKEN: dict[str, Any] = {"presence": Presence.DAMAGED, "damage": "pg_control cannot be read"}
OTHER_SECRETS = {"postgres_superuser": "xx", "session_token_key": "yy", "media_token": "zz"}


def _judge(facts: Facts, ledger: Ledger | None, words: Words | None = None) -> Verdict:
    return compare(ledger, facts, PRIMARIES, words or Words())


def test_what_agrees_goes_on() -> None:
    verdict = _judge(whole_facts(), whole_ledger())
    assert verdict == Verdict()


def test_an_empty_folder_is_a_first_start() -> None:
    verdict = _judge(nothing(), None)
    assert verdict.primaries_to_make == ["users-a", "users-b"]
    assert not verdict.findings


def test_a_suite_without_a_ledger_is_adopted_if_it_agrees_with_itself() -> None:
    assert _judge(whole_facts(), None) == Verdict()


@dataclass(frozen=True)
class Row:
    name: str
    facts: Facts
    thing: str
    says: str
    offers: tuple[str, ...]
    ledger: Ledger | None = field(default_factory=whole_ledger)


def _with_secrets(**changes: Any) -> Facts:
    facts = whole_facts()
    return replace(facts, secrets=replace(facts.secrets, **changes))


def _with_authority(**changes: Any) -> Facts:
    facts = whole_facts()
    return replace(facts, authority=replace(facts.authority, **changes))


def _with_map(**changes: Any) -> Facts:
    facts = whole_facts()
    return replace(facts, maps={"users": replace(facts.maps["users"], **changes)})


def _with_store(**changes: Any) -> Facts:
    facts = whole_facts()
    assert facts.store is not None
    return replace(facts, store=replace(facts.store, **changes))


ALONE = with_server(
    with_server(whole_facts(), "users-a", presence=GONE), "users-a-replica", presence=GONE
)
ROWS = [
    Row(
        "a primary's folder is lost, its replica has all",
        with_server(whole_facts(), "users-a", presence=GONE),
        "users-a",
        "users-a is missing. Its replica users-a-replica has all that was seen.",
        ("put", "promote", "ANEW"),
    ),
    Row(
        "a primary's folder is lost, its replica lacks some",
        with_server(
            with_server(whole_facts(), "users-a", presence=GONE), "users-a-replica", position=4900
        ),
        "users-a",
        "lacks at most 100 bytes",
        ("put", "promote", "ANEW"),
    ),
    Row("a primary and its replica are lost", ALONE, "users-a", "No replica", ("put", "ANEW")),
    Row(
        "the replica that is left is of another cluster",
        with_server(
            with_server(whole_facts(), "users-a", presence=GONE),
            "users-a-replica",
            system_identifier="9",
        ),
        "users-a",
        "No replica",
        ("put", "ANEW"),
    ),
    Row(
        "a primary's folder is damaged",
        with_server(whole_facts(), "users-a", **BROKEN),
        "users-a",
        "pg_control cannot be read",
        ("put", "promote", "ANEW"),
    ),
    Row(
        "a replica's folder lies in a primary's place",
        with_server(whole_facts(), "users-a", is_standby=True),
        "users-a",
        "standby.signal",
        ("put", "promote", "ANEW"),
    ),
    Row(
        "a promotion was cut short: the data has its place, and no replica is left",
        with_server(
            with_server(whole_facts(), "users-a", is_standby=True),
            "users-a-replica",
            presence=GONE,
        ),
        "users-a",
        "a promotion was cut short",
        ("put", "promote", "ANEW"),
    ),
    Row(
        "another cluster's replica lies in a primary's place, whose replica is gone",
        with_server(
            with_server(whole_facts(), "users-a", is_standby=True, system_identifier="9"),
            "users-a-replica",
            presence=GONE,
        ),
        "users-a",
        "standby.signal",
        ("put", "ANEW"),
    ),
    Row(
        "a primary is of another cluster",
        with_server(whole_facts(), "users-a", system_identifier="9"),
        "users-a",
        "another cluster",
        ("put", "promote", "AS_IS", "ANEW"),
    ),
    Row(
        "the folders of two primaries were exchanged",
        with_server(
            with_server(whole_facts(), "users-a", system_identifier="2222"),
            "users-b",
            system_identifier="1111",
        ),
        "users-a",
        "belongs to users-b",
        ("put", "promote", "AS_IS", "ANEW"),
    ),
    Row(
        "a primary is older than what was seen, and so is its replica",
        with_server(
            with_server(whole_facts(), "users-a", position=4000), "users-a-replica", position=4000
        ),
        "users-a",
        "1000 bytes of log before",
        ("put", "promote", "AS_IS", "ANEW"),
    ),
    Row(
        "a primary is older than its replica, which nobody has seen yet",
        with_server(whole_facts(), "users-a-replica", position=5100),
        "users-a",
        "older than its replica users-a-replica",
        ("put", "promote", "AS_IS", "ANEW"),
    ),
    Row(
        "a primary is of the time before a promotion",
        whole_facts(),
        "users-a",
        "timeline 1",
        ("put", "promote", "AS_IS", "ANEW"),
        whole_ledger(
            primaries={
                **whole_ledger().primaries,
                "users-a": changed(whole_ledger().primaries["users-a"], timeline=2, position=1),
            }
        ),
    ),
    Row(
        "a replica was promoted behind our back",
        with_server(whole_facts(), "users-a-replica", timeline=2),
        "users-a",
        "has been promoted",
        ("put", "promote", "AS_IS", "ANEW"),
    ),
    Row(
        "without a ledger, primary and replica are strangers",
        with_server(whole_facts(), "users-a-replica", system_identifier="9"),
        "users-a",
        "different clusters",
        ("put", "AS_IS", "ANEW"),
        None,
    ),
    Row(
        "without a ledger, one primary is lost",
        with_server(whole_facts(), "users-b", presence=GONE),
        "users-b",
        "is missing",
        ("put", "promote", "ANEW"),
        None,
    ),
    Row(
        "secrets are lost",
        _with_secrets(presence=GONE, fingerprints={}),
        "secrets",
        "is missing",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "without a ledger, secrets are lost",
        _with_secrets(presence=GONE, fingerprints={}),
        "secrets",
        "is missing",
        ("put", "AS_IS", "ANEW"),
        None,
    ),
    Row(
        "secrets are broken",
        _with_secrets(presence=Presence.DAMAGED, damage="secrets.json, line 3: this is not JSON"),
        "secrets",
        "line 3",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "secrets are of another suite",
        _with_secrets(fingerprints=OTHER_SECRETS),
        "secrets",
        "of another suite",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "one vital secret is another",
        _with_secrets(
            fingerprints={**whole_facts().secrets.fingerprints, "session_token_key": "x"}
        ),
        "secrets",
        "session_token_key",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "one vital secret is lost",
        _with_secrets(fingerprints={"session_token_key": "bb", "media_token": "cc"}),
        "secrets",
        "lacks postgres_superuser",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "the authority is lost",
        _with_authority(presence=GONE, fingerprints={}),
        "pki",
        "is missing",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "half of the authority is lost",
        _with_authority(presence=Presence.DAMAGED, damage="ca.key is missing"),
        "pki",
        "ca.key is missing",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "the authority is another",
        _with_authority(fingerprints={"": "xx"}),
        "pki",
        "another authority",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "a shard map is broken",
        _with_map(presence=Presence.DAMAGED, damage="users.json, line 2: this is not JSON"),
        "users.map",
        "line 2",
        ("put", "rm"),
    ),
    Row(
        "a shard map is of another suite",
        _with_map(sha256="xx"),
        "users.map",
        "not the map that was written last",
        ("put", "rm"),
    ),
    Row(
        "the store is lost",
        _with_store(presence=GONE, identity=None, objects=0),
        "store",
        "is missing",
        ("put", "ANEW"),
    ),
    Row(
        "the store has no marker",
        _with_store(identity=None),
        "store",
        "marker is missing",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "the store is of another suite",
        _with_store(identity="xx"),
        "store",
        "of another suite",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "the store is nearly empty",
        _with_store(objects=48),
        "store",
        "1000 objects",
        ("put", "AS_IS", "ANEW"),
    ),
    Row(
        "only a store of another suite is there",
        replace(nothing(), store=StoreFacts("/store", Presence.WHOLE, "", "s70", "5u17e", 9)),
        "store",
        "belongs to the suite 5u17e",
        ("put", "AS_IS", "ANEW"),
        None,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_contradiction_stops_the_start(row: Row) -> None:
    found = [f for f in _judge(row.facts, row.ledger).findings if f.case.thing == row.thing]
    assert len(found) == 1
    assert row.says in found[0].sentence
    offers = remedies_of(found[0].case)
    words = ("put", "promote", "rm", "AS_IS", "ANEW")
    assert tuple(word for word in words if any(word in offer for offer in offers)) == row.offers


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_word_that_is_not_offered_settles_it(row: Row) -> None:
    for word in ("ANEW", "AS_IS"):
        thing = frozenset({row.thing})
        words = Words(anew=thing) if word == "ANEW" else Words(as_is=thing)
        verdict = _judge(row.facts, row.ledger, words)
        settled = not [f for f in verdict.findings if f.case.thing == row.thing]
        assert settled <= (word in row.offers)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_nothing_is_made_in_the_place_of_what_was_lost(row: Row) -> None:
    verdict = _judge(row.facts, row.ledger)
    assert row.thing not in verdict.primaries_to_make
    assert "Nothing was started" in report_of(verdict.findings)


def test_beginning_anew_puts_the_replica_aside_as_well() -> None:
    lost = with_server(whole_facts(), "users-a", presence=GONE)
    verdict = _judge(lost, whole_ledger(), Words(anew=frozenset({"users-a"})))
    assert verdict.primaries_to_make == ["users-a"]
    assert list(verdict.replicas_to_make_again) == ["users-a-replica"]


def test_an_older_primary_that_counts_gets_new_replicas() -> None:
    older = with_server(whole_facts(), "users-a", position=4000)
    verdict = _judge(older, whole_ledger(), Words(as_is=frozenset({"users-a"})))
    assert not verdict.findings
    assert not verdict.primaries_to_make
    assert list(verdict.replicas_to_make_again) == ["users-a-replica"]


@pytest.mark.parametrize(
    "changes",
    [
        {"presence": Presence.DAMAGED, "damage": "PG_VERSION is missing"},
        {"system_identifier": "2222"},
        {"is_standby": False},
        {"position": 900},
    ],
    ids=["damaged", "of another primary", "no standby", "too old"],
)
def test_a_replica_that_cannot_follow_is_made_again(changes: dict[str, Any]) -> None:
    facts = with_server(whole_facts(), "users-a-replica", **changes)
    verdict = _judge(facts, whole_ledger())
    assert not verdict.findings
    assert list(verdict.replicas_to_make_again) == ["users-a-replica"]


def test_a_replica_that_is_missing_is_simply_copied() -> None:
    facts = with_server(whole_facts(), "users-a-replica", presence=GONE)
    assert _judge(facts, whole_ledger()) == Verdict()


def test_a_start_that_was_cut_short_goes_on() -> None:
    begun = whole_ledger(
        secrets=None,
        authority=None,
        maps={},
        store=None,
        primaries={
            "users-a": PrimaryEntry(group="users", system_identifier="1111"),
            "users-b": PrimaryEntry(group="users"),
        },
    )
    facts = nothing()
    facts = with_server(facts, "users-a", presence=Presence.WHOLE, system_identifier="1111")
    verdict = _judge(facts, begun)
    assert not verdict.findings
    assert verdict.primaries_to_make == ["users-b"]


def test_a_running_primary_is_judged_by_its_identity_only() -> None:
    running = with_server(whole_facts(), "users-a", presence=Presence.IN_USE, position=1200)
    assert _judge(running, whole_ledger()) == Verdict()
    stranger = with_server(running, "users-a", system_identifier="9")
    assert _judge(stranger, whole_ledger()).findings


def test_other_passwords_of_redis_are_told_and_applied() -> None:
    prints = {**whole_facts().secrets.fingerprints, "media_token": "x"}
    verdict = _judge(_with_secrets(fingerprints=prints), whole_ledger())
    assert not verdict.findings
    assert "media_token" in verdict.notes[0]


def test_a_replaced_key_whose_former_value_still_counts_is_no_loss() -> None:
    prints = {**whole_facts().secrets.fingerprints, "session_token_key": "x"}
    former = {"session_token_key": frozenset({"bb"})}
    verdict = _judge(_with_secrets(fingerprints=prints, former=former), whole_ledger())
    assert not verdict.findings
    assert not verdict.notes


def test_secrets_that_a_newer_version_adds_are_no_loss() -> None:
    prints = {**whole_facts().secrets.fingerprints, "postgres_users_app": "new"}
    verdict = _judge(_with_secrets(fingerprints=prints), whole_ledger())
    assert (list(verdict.findings), verdict.notes) == ([], [])


def test_a_rotated_superuser_is_known_until_the_ledger_has_its_new_password() -> None:
    prints = {**whole_facts().secrets.fingerprints, "postgres_superuser": "new"}
    former = {"postgres_superuser": frozenset({"aa"})}
    verdict = _judge(_with_secrets(fingerprints=prints, former=former), whole_ledger())
    assert (list(verdict.findings), verdict.notes) == ([], [])
    assert _judge(_with_secrets(fingerprints=prints), whole_ledger()).findings


def test_a_lost_map_is_told_and_read_back() -> None:
    verdict = _judge(_with_map(presence=GONE, version=0, sha256=""), whole_ledger())
    assert not verdict.findings
    assert "read back" in verdict.notes[0]


def test_a_map_that_a_move_has_changed_since_is_newer_and_counts() -> None:
    assert _judge(_with_map(version=2, sha256="xx"), whole_ledger()) == Verdict()


def test_facts_of_files_are_described_whole() -> None:
    assert FileFacts(RUN, GONE).fingerprints == {}
    assert MapFacts(RUN, GONE).version == 0


@pytest.mark.parametrize("trouble", Trouble)
def test_a_restore_is_offered_for_what_the_backups_hold(trouble: Trouble) -> None:
    offers = "\n".join(remedies_of(Case(trouble, "users-a", "/run/users-a")))
    is_held = trouble.value.startswith("primary") or trouble is Trouble.STORE_LOST
    assert ("`make backups` lists the moments" in offers) == is_held
    assert ("`make restore REPLACE=1`" in offers.replace("\n", " ")) == is_held
