"""The queue library's statements, changed so that a lost database connection loses no job."""

from datetime import timedelta
from typing import Self

from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.ports.driver import Driver

from shared.logs import get_logger
from shared.sharding import job_queue
from shared.sharding.database_faults import DRIVER_ERRORS

log = get_logger()


class DurableQueries(Queries):
    """The library's queries with another `retry_job`."""

    @classmethod
    def over(cls, driver: Driver) -> Self:
        """Bind the queries to our schema."""
        plain = job_queue.queries_over(driver)
        return cls(driver, qbe=plain.qbe, qbq=plain.qbq, qbs=plain.qbs)

    async def retry_job(
        self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None
    ) -> None:
        """Put a job back; if that fails, its heartbeat times out and another worker runs it.

        The library would mark the job as failed for good.
        """
        try:
            await super().retry_job(job, delay, traceback_record)
        except DRIVER_ERRORS as error:
            log.warning("job waits for its heartbeat timeout", job_id=job.id, reason=repr(error))
