"""The queue library's statements, where a database that goes away must not cost a job."""

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
    """As the library's, except for putting a job back."""

    @classmethod
    def over(cls, driver: Driver) -> Self:
        """Bound to our schema."""
        plain = job_queue.queries_over(driver)
        return cls(driver, qbe=plain.qbe, qbq=plain.qbq, qbs=plain.qbs)

    async def retry_job(
        self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None
    ) -> None:
        """Put a job back; if that fails it is found by its silence and runs again.

        The library would count it as failed for good.
        """
        try:
            await super().retry_job(job, delay, traceback_record)
        except DRIVER_ERRORS as error:
            log.warning("job will be found by its silence", job_id=job.id, reason=repr(error))
