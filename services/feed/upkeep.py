"""Operators' commands of feed: `python -m services.feed.upkeep`.

`audit` and `rebuild` deal with home timelines. `reports`, `hide`, `show` and `close-reports` deal
with reports; a `--subject` is a kind and an id: `post:123`, `comment:123` or `user:123`.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import cast, get_args

from services.feed.actions.audit_timelines import audit_timelines
from services.feed.actions.moderate import moderate
from services.feed.actions.rebuild_timelines import REBUILD_RULES, rebuild_timelines
from services.feed.actions.reported_subjects import REPORTS_MAX, reported_subjects
from services.feed.actions.timeline_doubts import TimelineDoubts
from services.feed.resources import Resources, open_resources
from services.feed.settings import FeedSettings
from services.feed.store.reports import Subject, close_reports
from shared.contracts.reports import SubjectKind
from shared.errors import AppError
from shared.ids import first_id_at
from shared.settings import read_settings
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_map import ShardMapError

_WITH_SUBJECT = ("hide", "show", "close-reports")
_SHOWN_MAX = 20
_TELL_EVERY = 500
_NOTES_SHOWN_MAX = 3
# Younger posts may still be on their way to some timelines.
_DELIVERED_AFTER_S = 10.0


def main() -> int:
    """Run the command in the arguments; returns 1 if something is missing or does not answer."""
    parser = argparse.ArgumentParser(prog="upkeep")
    commands = ["audit", "rebuild", "reports", *_WITH_SUBJECT]
    parser.add_argument("what", choices=commands)
    parser.add_argument("--sample", type=int, default=1_000, help="how many readers to compare")
    parser.add_argument("--user", type=int, help="the timeline of this reader only")
    parser.add_argument("--share", type=float, default=REBUILD_RULES.share_max)
    parser.add_argument("--go-on", action="store_true", help="whatever share it removes")
    parser.add_argument("--lost", action="append", default=[], help="a primary lost for good")
    parser.add_argument(
        "--subject", type=_subject, help="what to hide or show, or whose reports to close"
    )
    asked = parser.parse_args()
    if asked.what in _WITH_SUBJECT and asked.subject is None:
        parser.error("--subject is required, such as post:123")
    try:
        return asyncio.run(_run(asked))
    except (AppError, ShardMapError, *DRIVER_ERRORS) as error:
        said = error.detail if isinstance(error, AppError) else str(error)
        sys.stderr.write(
            f"\n{asked.what} stopped: {said} Run it again when all of this answers (`make"
            " status`); what is done stays done.\n"
        )
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{asked.what} was interrupted; run it again to go on.\n")
        return 130


async def _run(asked: argparse.Namespace) -> int:
    rules = replace(
        REBUILD_RULES,
        share_max=asked.share,
        may_exceed=asked.go_on,
        lost=frozenset(asked.lost),
    )
    async with open_resources(read_settings(FeedSettings)) as resources:
        match asked.what:
            case "audit":
                return await _audit(resources, asked.sample, rules)
            case "rebuild":
                return await _rebuild(resources, asked.user, rules)
            case "reports":
                return await _list_reports(resources)
            case "close-reports":
                return await _close(resources, asked.subject)
            case "hide" | "show":
                return await _hide_or_show(resources, asked.subject, is_hidden=asked.what == "hide")
    raise ValueError(asked.what)


async def _audit(resources: Resources, sample: int, rules: RemovalRules) -> int:
    delivered_before = first_id_at(int((time.time() - _DELIVERED_AFTER_S) * 1000))
    audit = await audit_timelines(
        resources.timelines,
        resources.entries,
        resources.group,
        TimelineDoubts(resources.group, rules),
        sample=sample,
        delivered_before=delivered_before,
    )
    _say(
        f"{audit.readers} readers, {audit.whole} of them whole; {audit.entries} entries,"
        f" {audit.share_complete:.3%} there"
    )
    found = (("lacking", audit.lacking), ("strange", audit.strange), ("lost", audit.lost))
    for word, pairs in found:
        for reader_id, post_id in pairs[:_SHOWN_MAX]:
            _say(f"  {word}: post {post_id} with reader {reader_id}")
    if audit.whole < audit.readers and not audit.reasons:
        _say("  `make rebuild-timelines` rebuilds them")
    _say_reasons(audit.reasons)
    return 0 if audit.is_good else 1


async def _rebuild(resources: Resources, user_id: int | None, rules: RemovalRules) -> int:
    def tell(done: int, of: int) -> None:
        if done % _TELL_EVERY == 0 or done == of:
            _say(f"{done} of {of} timelines done")

    done = await rebuild_timelines(
        resources.timelines,
        resources.entries,
        resources.group,
        TimelineDoubts(resources.group, rules),
        reader_ids=None if user_id is None else [user_id],
        tell=tell,
    )
    _say(
        f"{done.made} timelines rebuilt, {done.kept} kept because they name posts of shards in"
        f" doubt, {done.unread} could not be read"
    )
    _say_reasons(done.reasons)
    return 1 if done.reasons else 0


def _say_reasons(reasons: Sequence[str]) -> None:
    for reason in reasons:
        _say(f"  {reason}")
    if reasons:
        _say("What to do: docs/operations/upkeep.md")


async def _list_reports(resources: Resources) -> int:
    found = await reported_subjects(resources.group, resources.comments, REPORTS_MAX)
    for one in found:
        _say(f"{one.subject.kind}:{one.subject.id}  by user {one.author_id}  {one.state}")
        _say(f"    {', '.join(f'{n} x {reason}' for reason, n in one.reasons.items())}")
        for text in one.notes[:_NOTES_SHOWN_MAX]:
            _say(f"    note: {text!r}")
        if one.excerpt:
            _say(f"    text: {one.excerpt!r}")
    _say(f"{len(found)} subjects wait" if found else "nothing is reported")
    return 0


async def _close(resources: Resources, subject: Subject) -> int:
    count = await close_reports(resources.group, subject)
    _say(f"closed {count} reports of {subject.kind} {subject.id}")
    return 0


async def _hide_or_show(resources: Resources, subject: Subject, *, is_hidden: bool) -> int:
    if subject.kind == "user":
        _say("users are suspended: make suspend U=…")
        return 1
    changed = await moderate(resources.group, resources.bodies, subject, is_hidden=is_hidden)
    word = "hidden from everybody" if is_hidden else "shown again"
    _say(f"{subject.kind} {subject.id} {word if changed else 'is gone, or is so already'}")
    return 0 if changed else 1


def _subject(text: str) -> Subject:
    kind, _, id_ = text.partition(":")
    if kind not in get_args(SubjectKind) or not id_.isdecimal():
        raise argparse.ArgumentTypeError("a kind and an id, such as post:123")
    return Subject(cast(SubjectKind, kind), int(id_))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    code = main()
    # The work has ended, so an interrupt from here on changes nothing.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)
