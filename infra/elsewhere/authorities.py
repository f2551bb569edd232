"""The certificate authorities of parts that somebody else runs, copied to where processes read."""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from infra.accounts import account_for
from infra.backups.place import SYSTEM_CA_FILE
from infra.control.failures import SuiteFailure
from infra.plan.parts import Plan
from infra.rendering.files import PASSABLE, make_folder, write_rendered
from infra.suite import Suite

_FOR_ALL = 0o644


def given_authorities(plan: Plan) -> dict[str, str]:
    """Map each part of somebody else to the drawn file of its authority, "" for the system's."""
    return dict(_given(plan))


def _given(plan: Plan) -> Iterator[tuple[str, str]]:
    for name, group in plan.groups.items():
        if group.external is not None:
            yield f"postgres-{name}", group.external.ca_file
    for name, redis in plan.redises.items():
        if redis.external is not None:
            yield f"redis-{name}", redis.external.ca_file


def authority_text(plan: Plan, part: str) -> str:
    """Return the certificates that a part's clients trust; raises SuiteFailure."""
    given = given_authorities(plan)[part]
    file = Path(given) if given else SYSTEM_CA_FILE
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SuiteFailure(
            f"The authority of {part} cannot be read: {file}: {error.strerror}. Its operator gives"
            " the file, and `ca_file` in infra/topology.toml names it."
        ) from None
    # Read as clients read it: a list of the world's authorities has some that others reject.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with suppress(ssl.SSLError, ValueError):
        context.load_verify_locations(cadata=text)
    if not context.cert_store_stats()["x509_ca"]:
        raise SuiteFailure(f"{file}, the authority of {part}, has no certificate of one.")
    return text


def authority_file(suite: Suite, part: str) -> Path:
    """Return the file that a part's clients trust, after copying it to where all may read it."""
    if not given_authorities(suite.plan)[part]:
        return SYSTEM_CA_FILE
    ours = account_for("supervisor")
    folder = make_folder(suite.folder.etc / "authorities", ours, PASSABLE)
    file = folder / f"{part}.crt"
    write_rendered(file, authority_text(suite.plan, part), ours, _FOR_ALL)
    return file
