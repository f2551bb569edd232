"""Secrets, the CA, the store or databases' contents are lost, or belong to another suite."""

import json
import secrets
import shutil

from infra.certificates import Authority
from infra.leaders import leads
from tests.infra.mistakes.stage import Stage


async def secrets_are_lost(stage: Stage) -> None:
    """secrets.json is lost; begun anew by word"""
    (stage.folder / "secrets.json").unlink()
    stage.did("rm secrets.json")
    stage.refuses("secrets.json is missing", "ANEW=secrets")
    stage.says(["status"], status=1, words=["0 of"])
    if (stage.folder / "secrets.json").exists():
        stage.record.faults.append("a command that looks has made new secrets")
    stage.says(["up", "--anew", "secrets"], status=0, words=["everything answers"])
    await stage.look()


async def secrets_are_broken(stage: Stage) -> None:
    """secrets.json is cut in the middle"""
    file = stage.folder / "secrets.json"
    file.write_text(file.read_text(encoding="utf-8")[:200], encoding="utf-8")
    stage.did("cut secrets.json")
    stage.refuses("secrets.json, line")


async def secrets_of_another_run(stage: Stage) -> None:
    """secrets.json of another run is put in place"""
    file = stage.folder / "secrets.json"
    names = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({name: secrets.token_hex(32) for name in names}), encoding="utf-8")
    stage.did("put other secrets in place")
    stage.refuses("of another suite")


async def one_secret_is_changed(stage: Stage) -> None:
    """the key that hashes sessions is changed"""
    file = stage.folder / "secrets.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**values, "session_token_key": "00" * 32}), encoding="utf-8")
    stage.did("edited session_token_key")
    stage.refuses("session_token_key", "sign everybody out")


async def a_harmless_secret_is_changed(stage: Stage) -> None:
    """the password of a Redis is changed, which is applied"""
    file = stage.folder / "secrets.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**values, "redis_feed": "00" * 32}), encoding="utf-8")
    stage.did("edited redis_feed")
    await stage.comes_up()


async def other_secrets_and_no_ledger(stage: Stage) -> None:
    """secrets of another run, and the ledger is lost"""
    (stage.folder / "ledger.json").unlink()
    file = stage.folder / "secrets.json"
    names = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({name: secrets.token_hex(32) for name in names}), encoding="utf-8")
    stage.did("rm ledger.json, put other secrets in place")
    stage.says(["up"], status=1, words=["refuses the password of"])


async def the_authority_is_lost(stage: Stage) -> None:
    """the folder pki is lost whole; begun anew by word"""
    shutil.rmtree(stage.folder / "pki")
    stage.did("rm -r pki")
    stage.refuses("ca.crt is missing", "ANEW=pki")
    stage.says(["up", "--anew", "pki"], status=0, words=["everything answers"])
    await stage.look()


async def the_authority_s_key_is_lost(stage: Stage) -> None:
    """ca.key is lost"""
    (stage.folder / "pki" / "ca.key").unlink()
    stage.did("rm ca.key")
    stage.refuses("ca.key is missing")


async def another_authority(stage: Stage) -> None:
    """pki of another run is put in place"""
    for file in (stage.folder / "pki").glob("ca.*"):
        file.unlink()
    Authority(stage.folder / "pki")
    stage.did("put another ca.crt and ca.key in place")
    stage.refuses("another authority")


async def the_authority_s_key_is_broken(stage: Stage) -> None:
    """ca.key is garbled"""
    (stage.folder / "pki" / "ca.key").write_text("nothing", encoding="utf-8")
    stage.did("overwrote ca.key")
    stage.refuses("ca.key, line 1")


async def the_store_is_lost(stage: Stage) -> None:
    """the store's folder is lost, then put back"""
    place = stage.folder / "data" / "store"
    place.rename(place.with_name("elsewhere"))
    stage.did("mv data/store away")
    stage.refuses("is missing", "every picture depends on it")
    shutil.rmtree(place, ignore_errors=True)
    place.with_name("elsewhere").rename(place)
    stage.did("mv it back")
    await stage.comes_up()


async def the_store_begins_anew(stage: Stage) -> None:
    """the store's folder is lost; begun anew by word"""
    shutil.rmtree(stage.folder / "data" / "store")
    stage.did("rm -r data/store")
    stage.refuses("ANEW=store")
    await stage.comes_up("--anew", "store", same=False)


async def the_store_is_emptied(stage: Stage) -> None:
    """the renditions in the store are deleted"""
    shutil.rmtree(stage.folder / "data" / "store" / "retrato-photos" / "renditions")
    stage.did("rm -r renditions")
    stage.refuses("objects when it was last counted")


async def the_store_s_marker_is_lost(stage: Stage) -> None:
    """the store's marker is lost; counted by word"""
    shutil.rmtree(stage.folder / "data" / "store" / "retrato-photos" / "suite")
    stage.did("rm -r suite/ in the store")
    stage.refuses("marker is missing", "AS_IS=store")
    await stage.comes_up("--as-is", "store")


async def the_ledger_and_the_store_s_marker_are_lost(stage: Stage) -> None:
    """the ledger and the store's marker are lost; counted by word"""
    stage.path("ledger.json").unlink()
    shutil.rmtree(stage.folder / "data" / "store" / "retrato-photos" / "suite")
    stage.did("rm ledger.json; rm -r suite/ in the store")
    for _ in range(2):
        stage.says(["up"], status=1, words=["marker is missing", "AS_IS=store"])
    await stage.comes_up("--as-is", "store")


async def a_store_of_another_run(stage: Stage) -> None:
    """the store of another run is put in place"""
    marker = stage.folder / "data/store/retrato-photos/suite/marker.json"
    said = json.loads(marker.read_text(encoding="utf-8"))
    marker.write_text(json.dumps({**said, "identity": "another"}), encoding="utf-8")
    stage.did("edited the marker")
    stage.refuses("of another suite")


async def _in_users_b(stage: Stage, *statements: str) -> None:
    stage.infra("up")
    async with stage.suite().postgres("users-b") as connection:
        for statement in statements:
            await connection.execute(statement)
    stage.infra("down")
    stage.did(statements[-1])


async def two_primaries_hold_a_shard(stage: Stage) -> None:
    """a schema of users-a is made on users-b as well"""
    await _in_users_b(stage, "CREATE SCHEMA shard_0003")
    stage.says(["up"], status=1, words=["shards 3 are on two primaries", "RENAME TO"])


async def a_schema_is_renamed(stage: Stage) -> None:
    """a shard's schema is renamed"""
    await _in_users_b(stage, "ALTER SCHEMA shard_0040 RENAME TO shard_0040_aside")
    stage.says(["up"], status=1, words=["no primary holds the shards 40", "not made anew"])


async def a_database_is_dropped(stage: Stage) -> None:
    """the database of users-b is dropped"""
    stage.infra("up")
    async with stage.suite().postgres("users-b", database="postgres") as connection:
        await connection.execute("DROP DATABASE users WITH (FORCE)")
    stage.did("DROP DATABASE users on users-b")
    stage.infra("down")
    stage.says(["up"], status=1, words=["no primary holds the shards 32 to 63"])


async def nothing_is_wrong_with_it(stage: Stage) -> None:
    """ANEW= is said of a primary with which nothing is wrong"""
    before = stage.mark()
    stage.says(["up", "--anew", "users-a"], status=1, words=["Nothing is wrong with users-a"])
    stage.says(["up", "--anew", "users"], status=1, words=["do not know users"])
    if stage.mark() != before:
        stage.record.faults.append("something was changed")


async def a_suite_from_before(stage: Stage) -> None:
    """a suite that has no ledger anywhere, as earlier code made it"""
    stage.infra("up")
    # A stop without a ledger does not write one into the databases.
    (stage.folder / "ledger.json").unlink()
    suite = stage.suite()
    for node in suite.plan.members:
        if leads(node):
            async with suite.postgres(node.name) as connection:
                await connection.execute("DROP SCHEMA suite CASCADE")
                await connection.execute(
                    "DO $$ DECLARE s name; BEGIN FOR s IN SELECT nspname FROM pg_namespace WHERE"
                    " nspname ~ '^shard_[0-9]{4}$' LOOP EXECUTE format('COMMENT ON SCHEMA %I IS"
                    " NULL', s); END LOOP; END $$"
                )
    stage.infra("down")
    shutil.rmtree(stage.folder / "data" / "store" / "retrato-photos" / "suite")
    stage.did("took ledger, marker and comments away")
    await stage.comes_up()


KEYS_AND_PICTURES = [
    secrets_are_lost,
    secrets_are_broken,
    secrets_of_another_run,
    one_secret_is_changed,
    a_harmless_secret_is_changed,
    other_secrets_and_no_ledger,
    the_authority_is_lost,
    the_authority_s_key_is_lost,
    another_authority,
    the_authority_s_key_is_broken,
    the_store_is_lost,
    the_store_begins_anew,
    the_store_is_emptied,
    the_store_s_marker_is_lost,
    the_ledger_and_the_store_s_marker_are_lost,
    a_store_of_another_run,
    two_primaries_hold_a_shard,
    a_schema_is_renamed,
    a_database_is_dropped,
    nothing_is_wrong_with_it,
    a_suite_from_before,
]
