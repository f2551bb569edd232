"""Runs the jobs of every primary of a group at least once, with retries, in lanes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job, utc_now

from shared.errors import Unavailable
from shared.jobs.job_queries import DurableQueries
from shared.jobs.lane_driver import LaneDriver
from shared.jobs.metrics import JOB_RUNS, JOB_SECONDS, JOB_START_DELAY_SECONDS
from shared.jobs.pauses import pause
from shared.jobs.queue_watch import watch_queue
from shared.logs import get_logger, request_id
from shared.sharding import job_queue
from shared.sharding.shard_group import ShardGroup
from shared.tracing.frames import OK, Frame
from shared.tracing.trace_context import carried_in
from shared.tracing.tracer import TRACER

# Longer than putting the jobs back takes, and shorter than the supervisor waits before it kills.
_GIVE_BACK_SECONDS = 3.0

JobHandler = Callable[[dict[str, Any]], Awaitable[None]]

log = get_logger()


@dataclass(frozen=True, slots=True)
class JobTiming:
    """When a job runs again.

    If a worker is silent for `heartbeat_s`, its jobs run elsewhere. A job that fails is tried
    `tries_max` times and then held for an operator. Unavailable is retried without limit. The wait
    between tries starts at `backoff_s` and doubles up to `backoff_max_s`.
    """

    heartbeat_s: float = 8.0
    poll_s: float = 1.0
    tries_max: int = 6
    backoff_s: float = 0.5
    backoff_max_s: float = 60.0

    def wait_after(self, tries: int) -> timedelta:
        """Return the wait after this number of tries."""
        # The exponent is bounded too, since an outage may last for very many tries.
        return timedelta(seconds=min(self.backoff_s * 2 ** min(tries, 32), self.backoff_max_s))


@dataclass(frozen=True, slots=True)
class Lane:
    """Kinds of jobs that share `concurrency` slots, so that slow kinds do not block others."""

    jobs: Sequence[str]
    concurrency: int


class JobWorker:
    """A worker loop; any number of workers share the jobs.

    A handler gets the payload and must tolerate running again. Without `lanes`, all jobs share one
    lane of 16 slots. Within a lane, higher priorities run first.
    """

    def __init__(
        self,
        group: ShardGroup,
        handlers: Mapping[str, JobHandler],
        lanes: Sequence[Lane] | None = None,
        timing: JobTiming | None = None,
    ) -> None:
        self._group = group
        self._handlers = handlers
        self._lanes = [Lane(tuple(handlers), 16)] if lanes is None else list(lanes)
        named = [job for lane in self._lanes for job in lane.jobs]
        if sorted(named) != sorted(handlers):
            raise ValueError("each job that has a handler belongs to exactly one lane")
        self._timing = timing or JobTiming()
        self._places = {id(lane): asyncio.Semaphore(lane.concurrency) for lane in self._lanes}
        # Shown from the start: an increase does not count a series' first value, and jobs that
        # waited for a worker all start at once.
        for job in handlers:
            JOB_START_DELAY_SECONDS.labels(group.name, job)

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until `stop` is set, then finish the jobs under way."""
        known: set[str] = set()
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                for primary in self._group.primaries():
                    if primary.name not in known:
                        known.add(primary.name)
                        tasks.create_task(
                            watch_queue(self._group, primary.name, self._handlers, stop)
                        )
                        for lane in self._lanes:
                            tasks.create_task(self._serve(primary.name, lane, stop))
                await pause(stop, self._timing.poll_s)

    async def _serve(self, primary: str, lane: Lane, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._serve_while_there(primary, lane, stop)
            except Unavailable as error:
                log.warning("jobs wait for their primary", primary=primary, reason=error.detail)
            except Exception as error:  # the library raises any error of its connection
                log.warning("job queue reconnects", primary=primary, reason=repr(error))
            await pause(stop, self._timing.backoff_s)

    async def _serve_while_there(self, primary: str, lane: Lane, stop: asyncio.Event) -> None:
        connection = await self._group.primary_by_name(primary).connect_aside()
        # A power cut may undo what the queue noted last, never a fact that a job wrote: this
        # primary's log keeps its order. A job then runs once more, which every handler bears.
        await connection.execute("SET synchronous_commit = off")
        manager = QueueManager(
            DurableQueries.over(LaneDriver(connection, lane.jobs)), channel=job_queue.CHANNEL
        )
        running: set[asyncio.Task[None]] = set()
        for job in lane.jobs:
            run = partial(self._run_job, self._handlers[job], self._places[id(lane)], running)
            manager.entrypoint(job, on_failure="hold", accepts_context=False)(run)

        def give_up(_connection: object) -> None:
            # Nothing can note the end of these jobs, and soon another worker runs them.
            manager.shutdown.set()
            for task in running:
                task.cancel()

        connection.add_termination_listener(give_up)
        stopping = asyncio.create_task(_shut_down_with(stop, manager))
        serving = asyncio.create_task(
            manager.run(
                dequeue_timeout=timedelta(seconds=self._timing.poll_s),
                batch_size=max(1, lane.concurrency // 2),
                # Twice the slots, so that the next job is fetched before a slot becomes free.
                max_concurrent_tasks=2 * lane.concurrency,
                heartbeat_timeout=timedelta(seconds=self._timing.heartbeat_s),
                shutdown_on_listener_failure=True,
                log_aggregation_interval=timedelta(0),
            )
        )
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            await _give_back(manager, serving, running)
            raise
        finally:
            stopping.cancel()
            connection.terminate()

    async def _run_job(
        self,
        handler: JobHandler,
        places: asyncio.Semaphore,
        running: set[asyncio.Task[Any]],
        job: Job,
    ) -> None:
        outcome = "failed"
        task = asyncio.current_task()
        frame: Frame | None = None
        try:
            if task is not None:
                running.add(task)
                task.add_done_callback(running.discard)
            async with places:
                frame = self._note_start(job)
                started_s = time.perf_counter()
                await handler(orjson.loads(job.payload or b"{}"))
                JOB_SECONDS.labels(self._group.name, job.entrypoint).observe(
                    time.perf_counter() - started_s
                )
            outcome = "done"
        except asyncio.CancelledError:
            # The process stops, or its primary is away. The library would take a passed-on
            # cancellation as final.
            outcome = "put back"
            raise RetryRequested(reason="the worker stopped") from None
        except Unavailable as error:
            outcome = "put back"
            raise RetryRequested(self._timing.wait_after(job.attempts), error.detail) from error
        except Exception as error:
            log.exception("a job failed", job=job.entrypoint, job_id=job.id, tries=job.attempts + 1)
            if job.attempts + 1 >= self._timing.tries_max:
                raise
            outcome = "put back"
            raise RetryRequested(self._timing.wait_after(job.attempts), repr(error)) from error
        finally:
            JOB_RUNS.labels(self._group.name, job.entrypoint, outcome).inc()
            if frame is not None:
                TRACER.end(frame, "failed" if outcome == "failed" else OK)

    def _note_start(self, job: Job) -> Frame | None:
        headers = job.headers or {}
        sent = headers.get("request_id")
        present = None if sent is None else str(sent)
        request_id.set(present)
        said = headers.get("carried")
        _, cause = carried_in(said if isinstance(said, str) else None)
        frame = TRACER.begin_job(f"job {job.entrypoint}", present, [] if cause is None else [cause])
        if not job.attempts:
            delay_s = (utc_now() - job.execute_after).total_seconds()
            JOB_START_DELAY_SECONDS.labels(self._group.name, job.entrypoint).observe(
                max(0.0, delay_s)
            )
        return frame


async def _give_back(
    manager: QueueManager, serving: asyncio.Task[None], running: Collection[asyncio.Task[Any]]
) -> None:
    """Cancel the jobs under way, which puts them back into the queue, then end the manager."""
    manager.shutdown.set()
    for task in running:
        task.cancel()
    done, _ = await asyncio.wait({serving}, timeout=_GIVE_BACK_SECONDS)
    if not done:
        serving.cancel()
        await asyncio.wait({serving}, timeout=_GIVE_BACK_SECONDS)
    if serving.done() and not serving.cancelled():
        # Read the error, which no longer matters, so that asyncio does not complain.
        serving.exception()


async def _shut_down_with(stop: asyncio.Event, manager: QueueManager) -> None:
    await stop.wait()
    manager.shutdown.set()
