"""Makes log lines short for these tests."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True, scope="package")
def plain_lines() -> Iterator[None]:
    """Replace structlog's default rendering, which takes seconds per traceback."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
    yield
    structlog.reset_defaults()
