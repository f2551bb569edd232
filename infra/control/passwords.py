"""Sets new passwords in primaries that are down, after ANEW=secrets."""

import asyncio
from pathlib import Path

from infra.accounts import account_for
from infra.control.failures import SuiteFailure
from infra.control.postgres_roles import REPLICATION_ROLE
from infra.leaders import leaders
from infra.plan.parts import Member
from infra.programs import postgres_program
from infra.rendering.postgres import data_folder
from infra.suite import Suite


async def set_passwords(suite: Suite) -> None:
    """Set the secrets' passwords in every primary with data; replicas get them by replication."""
    nodes = leaders(suite.plan.databases)
    for node in nodes:
        if data_folder(suite, node).exists():
            await _set_in(suite, node)


async def _set_in(suite: Suite, node: Member) -> None:
    passwords = {
        "postgres": suite.secrets["postgres_superuser"],
        REPLICATION_ROLE: suite.secrets["postgres_replication"],
        node.service: suite.secrets[f"postgres_{node.service}"],
    }
    # Our passwords are hexadecimal digits, so they need no quoting.
    statements = "".join(
        f"ALTER ROLE \"{role}\" PASSWORD '{password}';\n" for role, password in passwords.items()
    )
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
    said, _nothing = await process.communicate(statements.encode())
    if process.returncode or b"ERROR" in said:
        program = Path(postgres_program("postgres")).name
        raise SuiteFailure(
            f"{program} --single could not set the passwords of {node.name}:\n"
            f"{said.decode(errors='replace')[-1000:]}"
        )
