"""Alice, bob, carol and as many more as a test needs: new people each time."""

import asyncio
import secrets

from services.users.actions.sign_up import sign_up
from services.users.domain.sign_up_form import SignUpForm
from services.users.resources import Resources
from shared.contracts.people import SignedIn

PASSWORD = "correct horse battery"


def form_for(name: str) -> SignUpForm:
    """A valid sign-up form with a new username based on `name`."""
    username = f"{name}_{secrets.token_hex(6)}"
    return SignUpForm(username, f"{username}@mail.example", PASSWORD, f"{name}'s phone")


class Cast:
    """Signs up new people."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def person(self, name: str, *, key: str | None = None) -> SignedIn:
        """A person who has just signed up."""
        resources = self._resources
        return await sign_up(
            resources.group, resources.passwords, resources.tokens, form_for(name), key
        )

    async def user_id(self, name: str) -> int:
        """The id of a new person."""
        return (await self.person(name))["user"]["id"]

    async def user_ids(self, *names: str) -> list[int]:
        """The ids of several new people."""
        return list(await asyncio.gather(*(self.user_id(name) for name in names)))
