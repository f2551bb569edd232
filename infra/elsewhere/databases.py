"""Checks databases of somebody else, and makes the role of processes there if that is allowed."""

import asyncio
import ssl

import asyncpg

from infra.control.failures import SuiteFailure
from infra.control.postgres_roles import set_role
from infra.control.progress import Progress
from infra.elsewhere.sessions import connect_login, connect_owner, external_primaries
from infra.plan.database_roles import runtime_role
from infra.plan.parts import Member, ShardGroup
from infra.plan.secret_names import owner_password, process_password
from infra.suite import Suite

# The version with which everything is tried; an older one may work, and nobody has looked.
VERSION_MIN = 150_000
_SERVER = """
SELECT current_setting('server_version_num')::int AS version,
       current_setting('server_encoding') AS encoding,
       current_setting('max_connections')::int AS connections,
       current_setting('max_locks_per_transaction')::int AS locks,
       current_setting('default_transaction_read_only') = 'on' AS refuses_writes,
       pg_is_in_recovery() AS is_replica,
       has_database_privilege(current_user, current_database(), 'CREATE') AS may_create,
       rolcreaterole OR rolsuper AS may_make_roles
FROM pg_roles WHERE rolname = current_user
"""
_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
_IS_MEMBER = "SELECT pg_has_role($1, $2, 'MEMBER')"
_MAY_CONNECT = "SELECT has_database_privilege($1, current_database(), 'CONNECT')"
# A statement over all shards of a primary locks a table and its indexes in each.
_LOCKS_PER_CONNECTION = 256


async def require_databases(suite: Suite, progress: Progress) -> None:
    """Check every server of somebody else; raises SuiteFailure with a sentence for each fault."""
    groups = suite.plan.external_groups.values()
    members = [(one, m) for one in groups for m in one.members]
    found = await asyncio.gather(*(_fault_of(suite, group, member) for group, member in members))
    if faults := [fault for fault in found if fault]:
        raise SuiteFailure("\n".join((*faults, "Nothing was done.")))
    for group in groups:
        names = ", ".join(member.name for member in group.members)
        progress.say(f"the databases of {group.name} are somebody else's and answer: {names}")


async def prepare_roles_elsewhere(suite: Suite, progress: Progress) -> None:
    """Make the roles of processes where the owner may; raises SuiteFailure where they lack."""
    primaries = external_primaries(suite)
    faults = []
    for group, _database, member in primaries:
        if fault := await _prepare(suite, group, member, progress):
            faults.append(fault)
    if faults:
        raise SuiteFailure("\n".join(faults))


async def _fault_of(suite: Suite, group: ShardGroup, member: Member) -> str:
    try:
        connection = await connect_owner(suite, group, member)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return _why_refused(suite, group, member, error)
    try:
        row = await connection.fetchrow(_SERVER)
    finally:
        await connection.close(timeout=1)
    is_first = member.index == 1
    needed = len(suite.plan.services[group.name].replicas) + len(
        suite.plan.services[group.name].workers
    )
    return _judged(row, member, group, needed * suite.plan.limits.postgres_pool_max, is_first)


def _why_refused(suite: Suite, group: ShardGroup, member: Member, error: Exception) -> str:
    place = f"{member.name} at {member.host}:{member.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"{place} shows a certificate that is not believed ({error.verify_message}): check"
            f" `ca_file` and `host` of group.{group.name}."
        )
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return f"{place} has no database {group.database_name}: its operator makes it."
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return (
            f"{place} does not let {group.owner} in ({error}): its password is"
            f" {owner_password(group.name)} in {suite.folder.secrets_file}."
        )
    if isinstance(error, ConnectionError) and "rejected SSL" in str(error):
        return f"{place} speaks no TLS, without which nothing connects to it."
    said = str(error) or type(error).__name__
    return f"{place} does not answer: {said}."


def _judged(
    row: asyncpg.Record | None, member: Member, group: ShardGroup, needed: int, is_first: bool
) -> str:
    """Return what makes a server unfit; "" if nothing does."""
    if row is None:
        return f"{member.name} does not say who {group.owner} is there."
    if fault := _judged_as_server(row, member, group, needed):
        return fault
    if is_first:
        return _judged_as_primary(row, member, group)
    return "" if row["is_replica"] else f"{member.name} is drawn as a replica, and is none."


def _judged_as_server(row: asyncpg.Record, member: Member, group: ShardGroup, needed: int) -> str:
    if row["version"] < VERSION_MIN:
        return (
            f"{member.name} is Postgres {row['version'] // 10_000}, and the migrations need"
            f" {VERSION_MIN // 10_000} or later."
        )
    if row["encoding"] != "UTF8":
        return f"{member.name} keeps text as {row['encoding']}: the database must be UTF8."
    if row["connections"] < needed:
        return (
            f"{member.name} takes {row['connections']} connections, and the processes of"
            f" {group.name} may open {needed}: raise max_connections there."
        )
    if row["locks"] * row["connections"] < _LOCKS_PER_CONNECTION * needed:
        return (
            f"{member.name} has max_locks_per_transaction {row['locks']}, too few for statements"
            f" over all shards: set {_LOCKS_PER_CONNECTION} there."
        )
    return ""


def _judged_as_primary(row: asyncpg.Record, member: Member, group: ShardGroup) -> str:
    if row["is_replica"]:
        return f"{member.name} is drawn as a primary, and follows another server."
    if row["refuses_writes"]:
        return (
            f"{member.name} refuses writes (default_transaction_read_only is on), perhaps because"
            " its disk is full."
        )
    if not row["may_create"]:
        return (
            f"{group.owner} may not make schemas on {member.name}. Its operator says: GRANT CREATE"
            f' ON DATABASE "{group.database_name}" TO "{group.owner}"'
        )
    return ""


async def _prepare(suite: Suite, group: ShardGroup, member: Member, progress: Progress) -> str:
    """Make the roles of a group's processes on one primary; returns what the operator must do."""
    external = group.external
    if external is None or not external.has_two_roles:
        return ""
    connection = await connect_owner(suite, group, member)
    try:
        row = await connection.fetchrow(_SERVER)
        if row is not None and row["may_make_roles"]:
            await _make_roles(connection, suite, group, progress)
        elif fault := await _lacking(connection, group, member):
            return fault
    finally:
        await connection.close(timeout=1)
    return await _login_fault(suite, group, member)


async def _make_roles(
    connection: "asyncpg.Connection[asyncpg.Record]",
    suite: Suite,
    group: ShardGroup,
    progress: Progress,
) -> None:
    external = group.external
    if external is None:
        return
    app = runtime_role(group.name)
    # Attributes that only a superuser may name, such as NOSUPERUSER, are the default.
    if not await connection.fetchval(_EXISTS, app):
        await set_role(connection, app, "NOLOGIN")
    if not await connection.fetchval(_EXISTS, external.login):
        progress.say(f"making the role {external.login} at {group.name}'s databases")
    password = suite.secrets[process_password(group.name, external)]
    await set_role(connection, external.login, "LOGIN", password)
    if not await connection.fetchval(_IS_MEMBER, external.login, app):
        await connection.execute(f'GRANT "{app}" TO "{external.login}"')
    if not await connection.fetchval(_MAY_CONNECT, external.login):
        await connection.execute(f'GRANT CONNECT ON DATABASE "{group.database_name}" TO "{app}"')


async def _lacking(
    connection: "asyncpg.Connection[asyncpg.Record]", group: ShardGroup, member: Member
) -> str:
    """Return the statements for whoever may make roles, if a role lacks."""
    external = group.external
    if external is None:
        return ""
    app, login = runtime_role(group.name), external.login
    statements = []
    for name, words in ((app, "NOLOGIN"), (login, "LOGIN PASSWORD '…'")):
        if not await connection.fetchval(_EXISTS, name):
            statements.append(f'CREATE ROLE "{name}" {words}')
    if statements or not await connection.fetchval(_IS_MEMBER, login, app):
        statements.append(f'GRANT "{app}" TO "{login}"')
    if not statements:
        return ""
    return (
        f"{group.owner} may not make roles on {member.name}, where the processes' roles lack. Its"
        f" operator says: {'; '.join(statements)}. The password is"
        f" {process_password(group.name, external)} of secrets.json."
    )


async def _login_fault(suite: Suite, group: ShardGroup, member: Member) -> str:
    try:
        connection = await connect_login(suite, group, member)
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        name = group.external.login if group.external else ""
        return (
            f"{member.name} does not let {name} in ({error}): its password is"
            f" {process_password(group.name, group.external)} in {suite.folder.secrets_file}."
        )
    await connection.close(timeout=1)
    return ""
