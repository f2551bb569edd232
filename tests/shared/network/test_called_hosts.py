"""A process knows the names that it calls before DNS goes."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.network.network import called_hosts
from shared.settings import NetworkSettings


class Settings(NetworkSettings):
    users_url: str = "https://users.internal:8000"
    redis_url: SecretStr = SecretStr("rediss://feed:secret@feed.redis.internal:6379/0")
    s3_second_endpoint_url: str | None = None
    media_base_url: str = "https://photos.example.org"
    map_file: Path = Path("/etc/map")


def test_the_hosts_of_all_urls_are_called_but_not_public_ones() -> None:
    assert called_hosts(Settings()) == ["feed.redis.internal", "users.internal"]


@pytest.mark.parametrize("url", ["", "users.internal", "https://"])
def test_a_url_without_a_host_is_nobodys(url: str) -> None:
    assert called_hosts(Settings(users_url=url)) == ["feed.redis.internal"]
