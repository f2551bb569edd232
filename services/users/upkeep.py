"""Operators' commands for accounts: `python -m services.users.upkeep suspend|reinstate|erase …`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from services.users.actions.delete_account import delete_again
from services.users.actions.suspend_account import reinstate, suspend_account
from services.users.resources import open_resources
from services.users.settings import UsersSettings
from shared.errors import AppError
from shared.settings import read_settings


def main() -> int:
    """Run the command in the arguments; returns 1 if it fails."""
    parser = argparse.ArgumentParser(prog="upkeep")
    parser.add_argument("what", choices=["suspend", "reinstate", "erase"])
    parser.add_argument("--user", type=int, default=0)
    parser.add_argument(
        "--users", type=int, nargs="+", default=(), help="accounts to erase again after a restore"
    )
    asked = parser.parse_args()
    try:
        if asked.what == "erase":
            return asyncio.run(_erase(asked.users))
        return asyncio.run(_run(asked.what, asked.user))
    except AppError as error:
        sys.stderr.write(f"\n{error.detail} `make status` shows which process is away.\n")
        return 1


async def _erase(user_ids: Sequence[int]) -> int:
    async with open_resources(read_settings(UsersSettings)) as resources:
        for user_id in user_ids:
            deleted = await delete_again(resources.group, resources.sessions, user_id)
            outcome = "is deleted again" if deleted else "is not there"
            sys.stdout.write(f"user {user_id} {outcome}\n")
    return 0


async def _run(what: str, user_id: int) -> int:
    async with open_resources(read_settings(UsersSettings)) as resources:
        if what == "suspend":
            done = await suspend_account(resources.group, resources.sessions, user_id)
            word = "suspended: nobody can sign in to it or see it, and what it published is hidden"
        else:
            done = await reinstate(resources.group, user_id)
            word = "reinstated"
    sys.stdout.write(f"user {user_id} {word if done else 'is gone, or is so already'}\n")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
