"""Sign-up: one account per name and per request, and no name reserved for long."""

import asyncio
import secrets
from collections import Counter
from dataclasses import replace

import pytest

from services.users.actions.open_link import open_link
from services.users.actions.reserve_names import reserve_names
from services.users.actions.sign_up import SignUpOvertaken, sign_up
from services.users.domain.names import Name, email_of, username_of
from services.users.domain.sign_up_form import SignUpForm
from services.users.domain.usernames import UsernameTaken
from services.users.resources import Resources
from services.users.store import directory
from services.users.store.accounts import keeps_name, new_user_id
from services.users.store.directory import Holder
from services.users.store.password_hashes import PasswordHashes
from services.users.store.profiles import find_profile
from shared.contracts.people import SignedIn
from shared.errors import Conflict, IdempotencyKeyReused, Invalid, Overloaded, RequestInProgress
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.users.cast import PASSWORD, form_for, verify
from tests.users.guards import guard_with
from tests.users.mail_server import Mailbox, deliver, mail_link


async def _sign_up(resources: Resources, form: SignUpForm, key: str | None = None) -> SignedIn:
    return await sign_up(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, key
    )


def _names(form: SignUpForm) -> tuple[Name, ...]:
    """What a sign-up reserves; an address is claimed when it is verified."""
    return (username_of(form.username),)


async def _holder(group: ShardGroup, shard: int = 3) -> Holder:
    return Holder(await new_user_id(group, shard), secrets.token_hex())


async def test_a_new_account_has_its_names_confirmed(resources: Resources) -> None:
    form = form_for("alice")
    user = (await _sign_up(resources, form))["user"]
    for name in _names(form):
        entry = await directory.find_entry(resources.group, name)
        assert entry is not None
        assert entry.is_confirmed
        assert entry.holder.user_id == user["id"]
    assert await directory.find_entry(resources.group, email_of(form.email)) is None
    await verify(resources, user["id"])
    entry = await directory.find_entry(resources.group, email_of(form.email))
    assert entry is not None
    assert (entry.is_confirmed, entry.holder.user_id) == (True, user["id"])


async def test_an_account_and_its_session_are_in_one_shard(resources: Resources) -> None:
    signed_in = await _sign_up(resources, form_for("alice"))
    group = resources.group
    assert group.shard_of(signed_in["user"]["id"]) == group.shard_of(signed_in["session"]["id"])


async def test_an_invalid_form_reserves_nothing(resources: Resources) -> None:
    form = replace(form_for("alice"), password="short")
    with pytest.raises(Invalid):
        await _sign_up(resources, form)
    assert await directory.find_entry(resources.group, username_of(form.username)) is None


async def test_a_taken_username_is_refused(resources: Resources) -> None:
    taken = form_for("alice")
    await _sign_up(resources, taken)
    with pytest.raises(UsernameTaken):
        await _sign_up(resources, replace(form_for("bob"), username=taken.username))


async def test_a_sign_up_does_not_tell_that_an_address_is_taken(
    resources: Resources, mail: Mailbox
) -> None:
    taken, bob = form_for("alice"), form_for("bob")
    await verify(resources, (await _sign_up(resources, taken))["user"]["id"])
    form = replace(bob, email=taken.email.upper())
    user = (await _sign_up(resources, form))["user"]
    assert (user["email"], user["email_is_verified"]) == (form.email, False)
    # Only the reader of the address learns it, and gets no code.
    await deliver(resources, mail, user["id"])
    assert mail.messages_to(form.email)[-1]["Subject"] == "You already have an account"


async def test_exactly_one_of_many_concurrent_sign_ups_gets_a_name(resources: Resources) -> None:
    wanted = form_for("alice").username

    async def outcome(number: int) -> str:
        form = SignUpForm(wanted, f"{wanted}{number}@mail.example", PASSWORD, "")
        try:
            await _sign_up(resources, form)
        except Conflict as refusal:
            return refusal.code
        return "made"

    outcomes = Counter(await asyncio.gather(*(outcome(number) for number in range(60))))
    assert outcomes == {"made": 1, "username_taken": 59}


async def test_exactly_one_of_many_concurrent_verifications_gets_an_address(
    resources: Resources, mail: Mailbox
) -> None:
    wanted = form_for("alice")
    forms = [replace(wanted, username=f"{wanted.username[:20]}.{number}x") for number in range(6)]
    users = [(await _sign_up(resources, form))["user"] for form in forms]
    for user in users:
        await deliver(resources, mail, user["id"])
    links = [mail_link(message) for message in mail.messages_to(wanted.email)]
    assert len(links) == len(users)

    async def outcome(link: str) -> str:
        try:
            await open_link(resources.group, resources.sessions, resources.codes, link)
        except Conflict as refusal:
            return refusal.code
        return "verified"

    outcomes = Counter(await asyncio.gather(*(outcome(link) for link in links)))
    assert outcomes == {"verified": 1, "email_taken": 5}


async def test_the_same_request_gets_the_same_reply_with_its_tokens(resources: Resources) -> None:
    form, key = form_for("alice"), secrets.token_hex()
    assert await _sign_up(resources, form, key) == await _sign_up(resources, form, key)


async def test_the_same_request_at_the_same_time_makes_one_account(resources: Resources) -> None:
    form, key = form_for("alice"), secrets.token_hex()

    async def until_answered() -> SignedIn:
        while True:
            try:
                return await _sign_up(resources, form, key)
            except RequestInProgress:
                continue

    replies = await asyncio.gather(*(until_answered() for _ in range(8)))
    assert all(reply == replies[0] for reply in replies)


@pytest.mark.parametrize("change", [{"password": "another one"}, {"device": "another"}])
async def test_the_same_key_and_names_with_another_form_are_refused(
    resources: Resources, change: dict[str, str]
) -> None:
    key, form = secrets.token_hex(), form_for("alice")
    await _sign_up(resources, form, key)
    with pytest.raises(IdempotencyKeyReused):
        await _sign_up(resources, replace(form, **change), key)


async def test_a_stranger_with_the_same_key_gets_and_prevents_nothing(
    resources: Resources,
) -> None:
    key = secrets.token_hex()
    strangers, alice = form_for("mallory"), form_for("alice")
    made = await asyncio.gather(
        _sign_up(resources, strangers, key), _sign_up(resources, alice, key)
    )
    assert [one["user"]["username"] for one in made] == [strangers.username, alice.username]
    assert len({one["user"]["id"] for one in made}) == 2
    with pytest.raises(UsernameTaken):
        await _sign_up(resources, replace(strangers, username=alice.username), key)
    assert await _sign_up(resources, alice, key) == made[1]


async def test_no_token_or_password_is_stored_in_clear_text(resources: Resources) -> None:
    form, key = form_for("alice"), secrets.token_hex()
    signed_in = await _sign_up(resources, form, key)
    session = signed_in["session"]
    kept = await _everything_kept(resources.group, signed_in["user"]["id"], key)
    assert form.email in kept
    assert form.password not in kept
    assert session["access_token"] not in kept
    assert session["refresh_token"] not in kept


async def test_a_repeated_request_completes_an_interrupted_one(
    resources: Resources,
) -> None:
    form, key = form_for("alice"), secrets.token_hex()
    cut_off = asyncio.create_task(
        sign_up(
            resources.group,
            guard_with(resources, _SlowHashes()),
            resources.mail_limits,
            resources.tokens,
            form,
            key,
        )
    )
    await _until_reserved(resources.group, username_of(form.username))
    cut_off.cancel()
    await asyncio.wait([cut_off])
    with pytest.raises(UsernameTaken):
        await _sign_up(resources, form, secrets.token_hex())
    signed_in = await _sign_up(resources, form, key)
    assert signed_in["user"]["username"] == form.username


async def test_an_overloaded_sign_up_releases_its_names(resources: Resources) -> None:
    form = form_for("alice")
    refusing = PasswordHashes(threads=1, waiting_max=-1)
    with pytest.raises(Overloaded):
        await sign_up(
            resources.group,
            guard_with(resources, refusing),
            resources.mail_limits,
            resources.tokens,
            form,
            None,
        )
    refusing.close()
    await _sign_up(resources, form)


async def test_an_abandoned_reservation_is_free_after_it_expires(
    resources: Resources,
) -> None:
    group, form = resources.group, form_for("alice")
    await reserve_names(group, resources.tokens, _names(form), await _holder(group))
    with pytest.raises(UsernameTaken):
        await _sign_up(resources, form)
    await _expire(group, form)
    assert (await _sign_up(resources, form))["user"]["username"] == form.username


async def test_an_expired_reservation_is_not_taken_from_an_account_that_exists(
    resources: Resources,
) -> None:
    group, form = resources.group, form_for("alice")
    user_id = (await _sign_up(resources, form))["user"]["id"]
    await _unconfirm(group, form)
    with pytest.raises(UsernameTaken):
        await _sign_up(resources, form)
    entry = await directory.find_entry(group, username_of(form.username))
    assert entry is not None
    assert entry.is_confirmed
    assert entry.holder.user_id == user_id


async def test_an_overtaken_sign_up_makes_no_second_account_with_the_name(
    resources: Resources,
) -> None:
    group, form, key = resources.group, form_for("alice"), secrets.token_hex()
    slow = _SlowHashes()
    overtaken = asyncio.create_task(
        sign_up(
            group, guard_with(resources, slow), resources.mail_limits, resources.tokens, form, key
        )
    )
    await _until_reserved(group, username_of(form.username))
    await _expire(group, form)
    winner = await _sign_up(resources, form)
    slow.go_on.set()
    with pytest.raises(SignUpOvertaken):
        await overtaken
    entry = await directory.find_entry(group, username_of(form.username))
    assert entry is not None
    assert entry.holder.user_id == winner["user"]["id"]
    with pytest.raises(UsernameTaken):
        await _sign_up(resources, form, key)


async def test_exactly_one_of_many_takers_gets_an_expired_name(resources: Resources) -> None:
    group, form = resources.group, form_for("alice")
    await reserve_names(group, resources.tokens, _names(form), await _holder(group))
    await _expire(group, form)

    async def outcome(number: int) -> str:
        try:
            await _sign_up(resources, replace(form, email=f"{form.username}{number}@b.example"))
        except Conflict as refusal:
            return refusal.code
        return "made"

    outcomes = Counter(await asyncio.gather(*(outcome(number) for number in range(20))))
    assert outcomes == {"made": 1, "username_taken": 19}


async def test_a_void_account_can_never_be_created(resources: Resources) -> None:
    holder = await _holder(resources.group)
    assert await keeps_name(resources.group, holder.user_id, username_of("alice")) is False
    assert await find_profile(resources.group, holder.user_id) is None


class _SlowHashes(PasswordHashes):
    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def hash(self, password: str) -> str:
        await self.go_on.wait()
        return await super().hash(password)


async def _until_reserved(group: ShardGroup, name: Name) -> None:
    async with asyncio.timeout(5):
        while await directory.find_entry(group, name) is None:
            continue


async def _expire(group: ShardGroup, form: SignUpForm) -> None:
    for name in _names(form):
        await _set_entry(group, name, "expires_at = now() - interval '1 second'")


async def _unconfirm(group: ShardGroup, form: SignUpForm) -> None:
    change = "state = 'reserved', expires_at = now() - interval '1 second'"
    for name in _names(form):
        await _set_entry(group, name, change)


async def _set_entry(group: ShardGroup, name: Name, change: str) -> None:
    shard = directory._shard(group, name)
    query = parse_query(
        "change_entry",
        f"UPDATE :schema.directory SET {change} WHERE kind = :kind AND name_key = :key",
    )
    async with group.writer(shard) as tx:
        assert await tx.execute(query, kind=name.kind, key=name.key) == 1


async def _everything_kept(group: ShardGroup, user_id: int, key: str) -> str:
    queries = {
        "account": "SELECT * FROM :schema.account WHERE id = :user_id",
        "session": "SELECT * FROM :schema.session WHERE user_id = :user_id",
        "profile": "SELECT * FROM :schema.profile WHERE user_id = :user_id",
    }
    shard = group.shard_of(user_id)
    rows = []
    for name, text in queries.items():
        rows += await group.reader(shard).rows(parse_query(name, text), user_id=user_id)
    record = parse_query("record", "SELECT * FROM :schema.idempotency WHERE key = :key")
    rows += await group.reader(shard).rows(record, key=key)
    assert len(rows) == 4
    return repr([dict(row) for row in rows])
