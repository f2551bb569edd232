"""Settings come from the environment, whole, or the process says what is missing."""

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from shared.settings import PostgresSettings, ProcessSettings, RedisSettings, read_settings


class ExampleSettings(ProcessSettings, PostgresSettings, RedisSettings):
    model_config = SettingsConfigDict(env_prefix="EXAMPLE_", frozen=True)


ENVIRONMENT = {
    "INSTANCE": "example-1",
    "LISTEN_HOST": "127.20.3.1",
    "LISTEN_PORT": "8000",
    "TLS_CERT_FILE": "/pki/example.pem",
    "TLS_KEY_FILE": "/pki/example.key",
    "DNS_SERVERS": "127.20.0.53:5353, 127.20.0.54:5353",
    "INTERNAL_KEYS": '{"users": "abc"}',
    "SHARD_MAP_FILE": "/etc/shards.json",
    "POSTGRES_USER": "users",
    "POSTGRES_PASSWORD": "secret",
    "POSTGRES_DATABASE": "users",
    "REDIS_URL": "rediss://users:secret@users.redis.internal:6379/0",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(f"EXAMPLE_{name}", value)
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_settings_come_from_the_environment_by_prefix() -> None:
    settings = read_settings(ExampleSettings)
    assert settings.instance == "example-1"
    assert settings.dns_servers == ("127.20.0.53:5353", "127.20.0.54:5353")
    assert settings.internal_keys["users"].get_secret_value() == "abc"


def test_no_servers_means_the_systems_resolver(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EXAMPLE_DNS_SERVERS", "")
    assert read_settings(ExampleSettings).dns_servers == ()


@pytest.mark.usefixtures("environment")
def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(read_settings(ExampleSettings))


@pytest.mark.usefixtures("environment")
def test_settings_do_not_change() -> None:
    settings = read_settings(ExampleSettings)
    with pytest.raises(ValidationError):
        settings.__setattr__("instance", "other")


def test_unusable_settings_end_the_process_with_a_sentence_each(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("EXAMPLE_INSTANCE")
    environment.setenv("EXAMPLE_LISTEN_PORT", "0")
    environment.setenv("EXAMPLE_REDIS_URL", "")
    with pytest.raises(SystemExit) as caught:
        read_settings(ExampleSettings)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "EXAMPLE_INSTANCE" in said
    assert "EXAMPLE_LISTEN_PORT" in said
    assert "secret" not in said
