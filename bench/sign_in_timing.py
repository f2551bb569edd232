"""Measures whether the time of a failed sign-in reveals that the account exists.

The sign-ins run in this process against the stores of the running suite (RETRATO_RUN_DIR or .run),
which avoids network noise. The rate limits count but refuse nothing. Existing and missing accounts
take turns, and so do usernames and e-mail addresses. The result is the medians of 500 tries each.
"""

import asyncio
import os
import secrets
import statistics
import time
from pathlib import Path
from unittest.mock import patch

from services.users.actions.sign_in import SignInForm, sign_in
from services.users.actions.sign_up import sign_up
from services.users.domain.passwords import WrongCredentials
from services.users.domain.sign_in_limits import GuessLimits, Limit
from services.users.domain.sign_up_form import SignUpForm
from services.users.resources import Resources, open_resources
from services.users.settings import UsersSettings
from services.users.store.password_guard import PasswordGuard
from services.users.store.password_hashes import PasswordHashes
from services.users.store.sign_in_limits import SignInLimits
from shared.caching.redis_client import open_redis
from shared.network.network import open_network
from tests.suite import Suite
from tests.users.cast import verify

TRIES = 500
WARM_UP_TRIES = 20
ACCOUNTS = 10
# The promised bound for the difference of the medians.
DIFFERENCE_MS_MAX = 5.0


async def main() -> None:
    """Measure, and print the medians and their difference."""
    folder = Path(os.environ.get("RETRATO_RUN_DIR") or ".run")
    with patch.dict(os.environ, Suite(folder, None).env("users")):
        settings = UsersSettings()  # type: ignore[call-arg] # from the environment
    async with open_resources(settings) as resources, open_network(settings) as network:
        redis = await open_redis(settings.redis_url.get_secret_value(), network)
        unlimited = Limit(10**9, 60_000)
        hashes = PasswordHashes()
        try:
            await measure(
                resources, PasswordGuard(hashes, SignInLimits(redis, GuessLimits(*[unlimited] * 5)))
            )
        finally:
            hashes.close()
            await redis.aclose()


async def measure(resources: Resources, passwords: PasswordGuard) -> None:
    """Sign up some accounts, then fail to sign in to them and to missing accounts in turn."""
    existing = [login for _ in range(ACCOUNTS) for login in await account(resources)]
    times_ms: dict[str, list[float]] = {"existing": [], "missing": []}
    for number in range(WARM_UP_TRIES + TRIES):
        login = existing[number % len(existing)]
        missing = new_name() + login[login.find("@") :] if "@" in login else new_name()
        for kind, tried in (("existing", login), ("missing", missing)):
            spent_ms = await _failed_sign_in_ms(resources, passwords, tried)
            if number >= WARM_UP_TRIES:
                times_ms[kind].append(spent_ms)
    report(times_ms)


def new_name() -> str:
    """A username that nobody has."""
    return f"timing_{secrets.token_hex(6)}"


async def account(resources: Resources) -> tuple[str, str]:
    """The username and the verified address of a new account."""
    name = new_name()
    form = SignUpForm(name, f"{name}@mail.example", secrets.token_hex(), "")
    made = await sign_up(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, None
    )
    await verify(resources, made["user"]["id"])
    return form.username, form.email


async def _failed_sign_in_ms(resources: Resources, passwords: PasswordGuard, login: str) -> float:
    form = SignInForm(login, "not the password", "", address="203.0.113.7")
    began_s = time.perf_counter()
    try:
        await sign_in(
            resources.group, passwords, resources.mail_limits, resources.tokens, form, None
        )
    except WrongCredentials:
        return (time.perf_counter() - began_s) * 1000
    raise RuntimeError("a wrong password was accepted")


def report(times_ms: dict[str, list[float]]) -> None:
    """Print the medians, and how far apart they are."""
    medians_ms = {kind: statistics.median(times) for kind, times in times_ms.items()}
    for kind, times in times_ms.items():
        p95_ms = statistics.quantiles(times, n=20)[-1]
        print(f"{kind:9} {len(times)} tries: median {medians_ms[kind]:.2f} ms, p95 {p95_ms:.2f} ms")
    difference_ms = abs(medians_ms["existing"] - medians_ms["missing"])
    print(f"difference of the medians {difference_ms:.2f} ms (at most {DIFFERENCE_MS_MAX:.0f})")


if __name__ == "__main__":
    asyncio.run(main())
