"""A small world to read while parts of the suite die: alice posts, bob follows her."""

from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from tests.failures.quiet_day import many_phones, quiet_day
from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite


@pytest.fixture
async def reads(suite: Suite) -> AsyncIterator[Sequence[httpx.Request]]:
    """Requests of two phones, in sequence; without a failure all of them succeed."""
    async with quiet_day(suite.public_url) as requests:
        yield requests


@pytest.fixture
async def alice(suite: Suite) -> AsyncIterator[Phone]:
    async with phone_of(suite.public_url, "alice") as phone:
        yield phone


@pytest.fixture
async def phones() -> AsyncIterator[httpx.AsyncClient]:
    async with many_phones() as client:
        yield client
