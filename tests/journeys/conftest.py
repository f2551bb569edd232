"""alice, bob and carol with their phones, new for each test."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite


@pytest.fixture
async def alice(suite: Suite) -> AsyncIterator[Phone]:
    async with phone_of(suite.public_url, "alice") as phone:
        yield phone


@pytest.fixture
async def bob(suite: Suite) -> AsyncIterator[Phone]:
    async with phone_of(suite.public_url, "bob") as phone:
        yield phone


@pytest.fixture
async def carol(suite: Suite) -> AsyncIterator[Phone]:
    async with phone_of(suite.public_url, "carol") as phone:
        yield phone


@pytest.fixture
async def stranger(suite: Suite) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=suite.public_url, timeout=30) as http:
        yield http
