"""Alice, bob, carol and as many more as a test needs: new people each time."""

import asyncio
import secrets

from services.users.actions.sign_up import sign_up
from services.users.actions.verify_address import verify_by_code
from services.users.domain.sign_up_form import SignUpForm
from services.users.resources import Resources
from services.users.store.proofs import lock_proof_of
from shared.contracts.people import SignedIn

PASSWORD = "correct horse battery"


def form_for(name: str) -> SignUpForm:
    """A valid sign-up form with a new username based on `name`."""
    username = f"{name}_{secrets.token_hex(6)}"
    return SignUpForm(username, f"{username}@mail.example", PASSWORD, f"{name}'s phone")


async def verify(resources: Resources, user_id: int) -> None:
    """Verify the account's address by the code that a message would have."""
    group = resources.group
    async with group.writer(group.shard_of(user_id)) as tx:
        proof = await lock_proof_of(tx, user_id, "verify_address")
    assert proof is not None
    code = resources.codes.code(proof.id)
    await verify_by_code(group, resources.passwords, resources.codes, user_id, code)


class Cast:
    """Signs up new people."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def person(self, name: str, *, key: str | None = None) -> SignedIn:
        """A person who has just signed up."""
        resources = self._resources
        return await sign_up(
            resources.group,
            resources.passwords,
            resources.mail_limits,
            resources.tokens,
            form_for(name),
            key,
        )

    async def reader(self, name: str) -> SignedIn:
        """A person who has verified the address."""
        made = await self.person(name)
        await verify(self._resources, made["user"]["id"])
        made["user"]["email_is_verified"] = True
        return made

    async def user_id(self, name: str) -> int:
        """The id of a new person."""
        return (await self.person(name))["user"]["id"]

    async def user_ids(self, *names: str) -> list[int]:
        """The ids of several new people."""
        return list(await asyncio.gather(*(self.user_id(name) for name in names)))
