"""The worker of users, with its jobs and outbox relay: `python -m services.users.worker`."""

import asyncio
from functools import partial
from typing import Any

from services.users.actions.accept_requests import OPENED_TOPIC, accept_requests
from services.users.actions.ask_reset import BEGIN_RESET_JOB, begin_reset
from services.users.actions.confirm_avatars import AVATARS_TOPIC, confirm_avatars
from services.users.actions.confirm_names import NAMES_TOPIC, confirm_names
from services.users.actions.enforce_blocks import BLOCKS_TOPIC, enforce_blocks
from services.users.actions.erase_account import ERASE_JOB, erase_account
from services.users.actions.export_account import EXPORT_JOB, export_account
from services.users.actions.forget_sessions import SESSIONS_TOPIC, forget_sessions
from services.users.actions.move_addresses import AddressMover
from services.users.actions.send_mail import send_mail
from services.users.actions.tell_feed import GRAPH_TOPIC, tell_feed
from services.users.domain.edge_kinds import BLOCK, FOLLOW, MUTE
from services.users.resources import Resources, open_resources
from services.users.settings import UsersSettings
from services.users.store.deletions import OLD_HOLDS, OLD_RECEIPTS
from services.users.store.mails import OLD_MAILS, SEND_MAIL_JOB
from services.users.store.proofs import OLD_PROOFS
from shared.http_server.service_app import AppInfo
from shared.http_server.worker_app import serve_worker
from shared.jobs.edge_reconciler import EdgeReconciler
from shared.jobs.expired_rows import ExpiredRows
from shared.jobs.job_worker import JobWorker, Lane
from shared.jobs.outbox_relay import OutboxRelay
from shared.settings import read_settings

INFO = AppInfo(
    name="users-worker",
    title="users' worker",
    description="Runs jobs and delivers the outbox of users; answers probes only.",
    audience="users",
)

# For one primary; servers of somebody else take a few connections of a sender.
_MAILS_AT_ONCE = 4
_ENDING = (OLD_RECEIPTS, OLD_HOLDS, OLD_MAILS, OLD_PROOFS)


async def run(resources: Resources, stop: asyncio.Event) -> None:
    """Run the worker's loops until `stop` is set; mirrored edges need no handler of users."""
    graph = {FOLLOW: resources.follows, BLOCK: resources.blocks, MUTE: resources.mutes}

    async def erase(payload: dict[str, Any]) -> None:
        await erase_account(
            resources.group,
            graph,
            resources.tokens,
            resources.feed_erasing,
            resources.upload_erasing,
            payload["user_id"],
        )

    async def export(payload: dict[str, Any]) -> None:
        await export_account(
            resources.group,
            graph,
            resources.feed_exporting,
            resources.archives,
            payload["user_id"],
        )

    async def send(payload: dict[str, Any]) -> None:
        await send_mail(
            resources.group, resources.codes, resources.letters, resources.smtp, payload
        )

    async def reset(payload: dict[str, Any]) -> None:
        await begin_reset(resources.group, resources.mail_limits, payload)

    jobs = JobWorker(
        resources.group,
        {ERASE_JOB: erase, EXPORT_JOB: export, SEND_MAIL_JOB: send, BEGIN_RESET_JOB: reset},
        # A server that is slow to take messages holds up nothing else.
        lanes=(
            Lane((ERASE_JOB, EXPORT_JOB), 16),
            Lane((SEND_MAIL_JOB, BEGIN_RESET_JOB), _MAILS_AT_ONCE),
        ),
    )
    async with asyncio.TaskGroup() as loops:
        loops.create_task(jobs.run(stop))
        loops.create_task(_relay(resources).run(stop))
        loops.create_task(EdgeReconciler(resources.group).run(stop))
        loops.create_task(ExpiredRows(resources.group, _ENDING).run(stop))
        loops.create_task(AddressMover(resources.group).run(stop))


def _relay(resources: Resources) -> OutboxRelay:
    return OutboxRelay(
        resources.group,
        {
            NAMES_TOPIC: partial(confirm_names, resources.group),
            AVATARS_TOPIC: partial(confirm_avatars, resources.upload),
            SESSIONS_TOPIC: partial(forget_sessions, resources.sessions),
            OPENED_TOPIC: partial(accept_requests, resources.group, resources.follows),
            BLOCKS_TOPIC: partial(
                enforce_blocks,
                resources.group,
                resources.follows,
                resources.blocks,
                resources.feed,
            ),
            GRAPH_TOPIC: partial(tell_feed, resources.feed),
        },
    )


def main() -> None:
    """Work until a signal ends the process."""
    settings = read_settings(UsersSettings)
    serve_worker(INFO, settings, partial(open_resources, settings), run)


if __name__ == "__main__":
    main()
