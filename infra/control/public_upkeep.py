"""Keeps the public name's certificate valid, and has both balancers show it without an outage."""

import asyncio
import datetime as dt
import hashlib

from infra.control.acme import is_due, obtain, was_tried_lately
from infra.control.failures import SuiteFailure
from infra.control.ports import listeners_at
from infra.control.restart import require_accepted
from infra.control.run_lock import sole_command
from infra.control.supervisor import Supervisor
from infra.json_files import write_durably
from infra.latest_suite import LatestSuite
from infra.plan.figures import Public
from infra.processes import processes_of
from infra.public_certificate import PublicCertificate
from infra.suite import Suite
from shared.jobs.pauses import pause
from shared.logs import get_logger

log = get_logger()

# A new name waits for its certificate this long. A look reads some files and asks nobody.
_LOOK_S = 15.0


async def keep_public_certificate(suite: Suite, stop: asyncio.Event) -> None:
    """Look again and again until `stop` is set; without a public name there is nothing to do."""
    latest = LatestSuite(suite)
    while not stop.is_set():
        try:
            await asyncio.to_thread(look_after, latest.read())
        except (SuiteFailure, OSError, TimeoutError) as fault:
            log.warning("public_certificate_not_renewed", error=str(fault))
        await pause(stop, _LOOK_S)


def look_after(suite: Suite) -> None:
    """Renew what is due, unless that failed a moment ago, and hand over what is new."""
    public = suite.plan.public
    if public is None:
        return
    now = dt.datetime.now(dt.UTC)
    try:
        if _wants_one(suite, public, now) and not was_tried_lately(suite.folder, now):
            obtain(suite.folder, public)
            log.info("public_certificate_renewed", domain=public.domain)
    finally:
        # Also one that somebody else brought, or that a killed caretaker left.
        hand_over_public(suite, public)


def renew_now(suite: Suite) -> None:
    """Get a new certificate at once, for a person; raises SuiteFailure with what hinders."""
    public = suite.plan.public
    if public is None:
        raise SuiteFailure("The topology has no [public] table, so there is no public name.")
    if public.certificate == "acme":
        obtain(suite.folder, public)
    if problem := PublicCertificate(suite.folder, public).problem():
        raise SuiteFailure(problem)
    hand_over_public(suite, public)


def _wants_one(suite: Suite, public: Public, now: dt.datetime) -> bool:
    if public.certificate != "acme" or not is_due(PublicCertificate(suite.folder, public), now):
        return False
    # An attempt before the balancers listen would fail, and the next one come much later.
    return any(held.port == public.port for held in listeners_at(public.endpoints))


def hand_over_public(suite: Suite, public: Public) -> None:
    """Place the certificate for the balancers, and reload them unless they know it already.

    What they were told is on disk, so that a caretaker that was killed in between tells them.
    """
    certificate = PublicCertificate(suite.folder, public)
    if not certificate.is_placed():
        with sole_command(suite.folder, "renew-certificates"):
            certificate.place()
    digest = hashlib.sha256(certificate.shown.certificate.read_bytes()).hexdigest()
    told_file = suite.folder.public / "told"
    if told_file.exists() and told_file.read_text(encoding="ascii") == digest:
        return
    supervisor = Supervisor(suite.folder)
    for process in processes_of(suite):
        if process.kind == "nginx":
            # A balancer that refuses its files goes on with the old ones.
            require_accepted(process)
            supervisor.signal(process.name, "HUP")
    write_durably(told_file, digest)
