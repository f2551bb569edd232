"""Sets the superuser's password where it may be another: after ANEW=secrets, restores, promotions.

The start sets the passwords of all other roles, as the superuser.
"""

import asyncio
from pathlib import Path

import asyncpg

from infra.accounts import account_for
from infra.control.failures import SuiteFailure
from infra.failover.roles import require_no_failover
from infra.leaders import leaders
from infra.plan.parts import Member
from infra.programs import postgres_program
from infra.rendering.postgres import data_folder
from infra.suite import Suite


async def set_passwords(suite: Suite) -> None:
    """Set the superuser's password in every primary with data; replicas get it by replication."""
    require_no_failover(suite, "ANEW=secrets")
    nodes = leaders(suite.plan.databases)
    for node in nodes:
        if data_folder(suite, node).exists():
            await _set_in(suite, node)


async def _set_in(suite: Suite, node: Member) -> None:
    statement = _statement(suite)
    home = suite.folder.data / "postgres"
    process = await asyncio.create_subprocess_exec(
        *account_for("postgres").command_prefix(home),
        postgres_program("postgres"),
        "--single",
        "-D",
        str(suite.folder.etc / "postgres" / node.name),
        "postgres",
        cwd=home,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _nothing = await process.communicate(f"{statement};\n".encode())
    if process.returncode or b"ERROR" in said:
        program = Path(postgres_program("postgres")).name
        raise SuiteFailure(
            f"{program} --single could not set the password of {node.name}:\n"
            f"{said.decode(errors='replace')[-1000:]}"
        )


async def give_password(suite: Suite, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Set the superuser's password, which data of another time may not have."""
    await connection.execute(_statement(suite))


def _statement(suite: Suite) -> str:
    # Our passwords are hexadecimal digits, so they need no quoting.
    return f"ALTER ROLE postgres PASSWORD '{suite.secrets['postgres_superuser']}'"
