"""Says which commands are somebody else's affair, and why."""

from infra.control.failures import SuiteFailure
from infra.plan.parts import Plan

_PAGE = "docs/operations/managed.md"


def require_own_databases(plan: Plan, what: str) -> None:
    """Raise SuiteFailure for a command about databases, if somebody else runs any of them."""
    others = sorted(plan.external_groups)
    if others:
        raise SuiteFailure(
            f"{what} is not possible here: somebody else runs the databases of"
            f" {', '.join(others)}, and keeps their backups ({_PAGE})."
        )


def require_own_database(plan: Plan, name: str, what: str) -> None:
    """Raise SuiteFailure if somebody else runs the database or the server of this name."""
    for group in plan.external_groups.values():
        for database in group.databases:
            if name in {database.name, *(member.name for member in database.members)}:
                raise SuiteFailure(
                    f"{what} of {name} is not possible here: somebody else runs the databases of"
                    f" {group.name}, and decides which server leads ({_PAGE})."
                )


def why_password_stays(plan: Plan, secret: str) -> str:
    """Return why a password cannot be replaced from here; "" if it can."""
    given = {one.name for one in plan.secrets if one.given}
    parts = {
        **{f"postgres_{name}": f"the databases of {name}" for name in plan.external_groups},
        **{f"postgres_{name}_app": f"the databases of {name}" for name in plan.external_groups},
        **{f"redis_{one.name}": f"the Redis of {one.name}" for one in plan.redises.values()},
    }
    if secret not in parts or secret not in given:
        return ""
    return (
        f"{secret} is for {parts[secret]}, which somebody else runs: let both values count there,"
        " write the new one into secrets.json, and run `make up`, which restarts one process after"
        f" the other ({_PAGE})."
    )


def backups_line(plan: Plan) -> str:
    """Return the line of `make status` about backups that somebody else keeps; "" if none."""
    others = sorted(plan.external_groups)
    if not others:
        return ""
    photos = "photos have none" if plan.store.embedded else "of photos, the store's operator"
    return f"backups: of {', '.join(others)}, who runs these databases; {photos} ({_PAGE})"
