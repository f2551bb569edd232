"""The operators' looks at timelines: `python -m services.feed.upkeep audit|rebuild`."""

import argparse
import asyncio
import sys
import time

from services.feed.actions.audit_timelines import audit_timelines, rebuild_timelines
from services.feed.resources import Resources, open_resources
from services.feed.settings import FeedSettings
from shared.errors import AppError
from shared.ids import first_id_at
from shared.settings import read_settings

_SHOWN_MAX = 20
_TELL_EVERY = 500
# What was published later may still be on its way to some.
_SETTLED_AFTER_S = 10.0


def main() -> int:
    """Do what the arguments say; 1 if something is missing or cannot be asked."""
    parser = argparse.ArgumentParser(prog="upkeep")
    parser.add_argument("what", choices=["audit", "rebuild"])
    parser.add_argument("--sample", type=int, default=1_000, help="how many readers to look at")
    parser.add_argument("--user", type=int, help="the timeline of this reader only")
    asked = parser.parse_args()
    try:
        return asyncio.run(_run(asked))
    except AppError as error:
        sys.stderr.write(f"\n{error.detail} Is the suite up?\n")
        return 1


async def _run(asked: argparse.Namespace) -> int:
    async with open_resources(read_settings(FeedSettings)) as resources:
        if asked.what == "audit":
            return await _audit(resources, asked.sample)
        return await _rebuild(resources, asked.user)


async def _audit(resources: Resources, sample: int) -> int:
    settled_before = first_id_at(int((time.time() - _SETTLED_AFTER_S) * 1000))
    audit = await audit_timelines(
        resources.timelines, resources.entries, resources.posts, sample, settled_before
    )
    _say(
        f"{audit.readers} readers, {audit.whole} of them whole; {audit.entries} entries,"
        f" {audit.share_complete:.3%} there"
    )
    for word, pairs in (("lacking", audit.lacking), ("strange", audit.strange)):
        for reader_id, post_id in pairs[:_SHOWN_MAX]:
            _say(f"  {word}: post {post_id} with reader {reader_id}")
    if audit.whole < audit.readers:
        _say("  `make rebuild-timelines` makes them anew")
    return 0 if audit.whole == audit.readers else 1


async def _rebuild(resources: Resources, user_id: int | None) -> int:
    def tell(done: int, of: int) -> None:
        if done % _TELL_EVERY == 0 or done == of:
            _say(f"{done} of {of} timelines made anew")

    chosen = None if user_id is None else [user_id]
    count = await rebuild_timelines(resources.timelines, resources.entries, chosen, tell)
    if not count:
        _say("nobody has a timeline at present: each is made when it is read")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
