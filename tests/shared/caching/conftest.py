"""A Redis that the tests of a module share."""

import shutil
from collections.abc import Iterator

import pytest

from tests.shared.caching.redis_process import RedisProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    process = RedisProcess(tmp_path_factory.mktemp("redis"))
    process.start()
    yield process
    process.end()
