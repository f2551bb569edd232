"""The process that keeps certificates valid and logs young, and watches disks and replicas."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from prometheus_client import Gauge

from infra.authorities import open_authority
from infra.authority_files import BrokenCertificate
from infra.automation.executor import carry_out
from infra.control.certificate_renewal import hand_over, look_at_processes, renew_due
from infra.control.disk_watch import watch_disks
from infra.control.failures import SuiteFailure
from infra.control.old_logs import keep_logs_young
from infra.control.public_upkeep import keep_public_certificate
from infra.failover.sync_watch import watch_sync
from infra.latest_suite import LatestSuite
from infra.own_processes import settings_of_process
from infra.public_certificate import PublicCertificate
from infra.status.published_state import publish_state
from infra.suite import Suite, open_suite
from infra.watching.supervised import watch_processes
from shared.http_server.service_app import AppInfo
from shared.http_server.worker_app import serve_worker
from shared.jobs.pauses import pause
from shared.logs import get_logger

log = get_logger()

INFO = AppInfo(
    name="caretaker",
    title="The caretaker",
    description="Renews certificates and ends logs in time; answers probes only.",
    audience=None,
)
# Looking costs a handshake with each process. A renewal that waits a minute is still a month early.
_LOOK_S = 60.0
# Other processes start at the same time, so the first looks come sooner.
_FIRST_LOOK_S = 2.0
ENDS_AT = Gauge(
    "retrato_certificate_end_seconds",
    "When the certificate ends that a process shows, or the authority, in Unix time.",
    ["name"],
)


def main() -> None:
    """Run the caretaker until SIGTERM."""
    suite = open_suite()
    settings = settings_of_process(suite, "caretaker")
    serve_worker(INFO, settings, partial(_open, suite), take_care)


@asynccontextmanager
async def _open(suite: Suite) -> AsyncIterator[Suite]:
    yield suite


async def take_care(suite: Suite, stop: asyncio.Event) -> None:
    """Run the caretaker's loops until `stop` is set; an error of one begins all anew."""
    leaders: dict[str, str] = {}
    async with asyncio.TaskGroup() as loops:
        loops.create_task(keep_certificates(suite, stop))
        loops.create_task(keep_public_certificate(suite, stop))
        loops.create_task(keep_logs_young(suite, stop))
        loops.create_task(watch_disks(suite, stop))
        loops.create_task(watch_processes(suite, stop))
        loops.create_task(watch_sync(suite, stop, leaders))
        loops.create_task(publish_state(suite, stop, leaders))
        loops.create_task(carry_out(suite, look_once, stop))


async def keep_certificates(suite: Suite, stop: asyncio.Event) -> None:
    """Look until `stop` is set, in the end once a minute."""
    pause_s, latest = _FIRST_LOOK_S, LatestSuite(suite)
    while not stop.is_set():
        try:
            # Opened anew, because secrets and processes change while everything runs.
            await look_once(latest.read())
        except (SuiteFailure, BrokenCertificate, OSError) as fault:
            # Another command is at work, or a file is being replaced: the next look comes soon.
            log.warning("certificates_not_renewed", error=str(fault))
        await pause(stop, pause_s)
        pause_s = min(2 * pause_s, _LOOK_S)


async def look_once(suite: Suite) -> None:
    """Renew what is due, hand over what a process does not show yet, and publish all ends.

    What the processes show decides, and not what was renewed just now. So a caretaker that was
    killed between the two leaves nothing out.
    """
    try:
        for name in await asyncio.to_thread(renew_due, suite):
            log.info("certificate_renewed", name=name)
    except (SuiteFailure, BrokenCertificate, OSError) as fault:
        # The ends are published all the more if nothing can be renewed.
        log.warning("certificates_not_renewed", error=str(fault))
    shown = await look_at_processes(suite)
    await hand_over(suite, shown.late)
    # What is no longer in the suite leaves the metrics too.
    ENDS_AT.clear()
    for name, certificate in shown.certificates.items():
        ENDS_AT.labels(name).set(certificate.not_valid_after_utc.timestamp())
    public = suite.plan.public
    if public and (held := PublicCertificate(suite.folder, public).shown_now()):
        ENDS_AT.labels("public").set(held.not_valid_after_utc.timestamp())
    authority = open_authority(suite.plan.certificates, suite.folder)
    ENDS_AT.labels("authority").set(authority.ends_at.timestamp())


if __name__ == "__main__":
    main()
