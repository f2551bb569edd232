"""Measures whether the time of a wish for a new password reveals that the account exists.

As in `sign_in_timing.py`: in this process, against the stores of the running suite, existing and
missing accounts in turn. A wrong code for either is measured, too. The limits count, and refuse
nothing.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest.mock import patch

from bench.sign_in_timing import ACCOUNTS, TRIES, WARM_UP_TRIES, account, new_name, report
from services.users.actions.ask_reset import ask_reset
from services.users.actions.reset_password import ResetForm, reset_password
from services.users.domain.proofs import WrongCode
from services.users.domain.sign_in_limits import GuessLimits, Limit
from services.users.resources import Resources, open_resources
from services.users.settings import UsersSettings
from services.users.store.mail_limits import MailLimits
from services.users.store.password_guard import PasswordGuard
from services.users.store.password_hashes import PasswordHashes
from services.users.store.sign_in_limits import SignInLimits
from shared.caching.redis_client import open_redis
from shared.network.network import open_network
from tests.suite import Suite

_UNLIMITED = Limit(10**9, 60_000)
_PASSWORD = "staple incorrectly battery"


class _Generous(SignInLimits):
    """Counts as usual, for an hour that is never full."""

    async def take_failure(self, whose: str, _limit: Limit, guess: str) -> int:
        return await super().take_failure(whose, _UNLIMITED, guess)


async def main() -> None:
    """Measure, and print the medians and their difference, of wishes and of wrong codes."""
    folder = Path(os.environ.get("RETRATO_RUN_DIR") or ".run")
    with patch.dict(os.environ, Suite(folder, None).env("users")):
        settings = UsersSettings()  # type: ignore[call-arg] # from the environment
    async with open_resources(settings) as resources, open_network(settings) as network:
        redis = await open_redis(settings.redis_url.get_secret_value(), network)
        limits = _Generous(redis, GuessLimits(*[_UNLIMITED] * 5))
        hashes = PasswordHashes()
        guard = PasswordGuard(hashes, limits)
        existing = [login for _ in range(ACCOUNTS) for login in await account(resources)]

        async def wish(login: str) -> None:
            await ask_reset(resources.group, MailLimits(limits), login, "en", None)

        async def guess(login: str) -> None:
            await _guess(resources, guard, login)

        try:
            for title, ask in (("wishes", wish), ("wrong codes", guess)):
                print(title)
                await _measure(existing, ask)
        finally:
            hashes.close()
            await redis.aclose()


async def _measure(existing: list[str], ask: Callable[[str], Awaitable[None]]) -> None:
    times_ms: dict[str, list[float]] = {"existing": [], "missing": []}
    for number in range(WARM_UP_TRIES + TRIES):
        login = existing[number % len(existing)]
        missing = new_name() + login[login.find("@") :] if "@" in login else new_name()
        for kind, tried in (("existing", login), ("missing", missing)):
            began_s = time.perf_counter()
            await ask(tried)
            if number >= WARM_UP_TRIES:
                times_ms[kind].append((time.perf_counter() - began_s) * 1000)
    report(times_ms)


async def _guess(resources: Resources, guard: PasswordGuard, login: str) -> None:
    form = ResetForm(new_password=_PASSWORD, login=login, code="000000")
    try:
        await reset_password(resources.group, guard, resources.sessions, resources.codes, form)
    except WrongCode:
        return
    raise RuntimeError("a wrong code was accepted")


if __name__ == "__main__":
    asyncio.run(main())
