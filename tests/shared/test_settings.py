"""Settings come from the environment; a process with unusable ones names them and exits."""

import socket
from pathlib import Path

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
    environment.delenv("EXAMPLE_TLS_CERT_FILE")
    environment.setenv("EXAMPLE_LISTEN_PORT", "0")
    environment.setenv("EXAMPLE_REDIS_URL", "")
    with pytest.raises(SystemExit) as caught:
        read_settings(ExampleSettings)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "EXAMPLE_TLS_CERT_FILE" in said
    assert "EXAMPLE_LISTEN_PORT" in said
    assert "secret" not in said


def test_a_process_has_a_name_and_an_address_by_itself(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("EXAMPLE_INSTANCE")
    environment.delenv("EXAMPLE_LISTEN_HOST")
    settings = read_settings(ExampleSettings)
    assert settings.instance == socket.gethostname()
    assert settings.listen_host == "0.0.0.0"


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_every_secret_may_come_from_a_file(
    environment: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    for name in ("POSTGRES_PASSWORD", "REDIS_URL", "INTERNAL_KEYS"):
        file = tmp_path / name.lower()
        file.write_text(f"{ENVIRONMENT[name].replace('secret', 'from a file')}\n")
        environment.delenv(f"EXAMPLE_{name}")
        if kind == "file":
            environment.setenv(f"EXAMPLE_{name}_FILE", str(file))
    if kind == "folder":
        environment.setenv("EXAMPLE_SECRETS_DIR", str(tmp_path))
    settings = read_settings(ExampleSettings)
    assert settings.postgres_password.get_secret_value() == "from a file"
    assert "from a file" in settings.redis_url.get_secret_value()
    assert settings.internal_keys["users"].get_secret_value() == "abc"


def test_the_environment_goes_before_a_file_and_a_file_before_the_folder(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "postgres_password").write_text("of the folder")
    named = tmp_path / "named"
    named.write_text("of the file")
    environment.setenv("EXAMPLE_SECRETS_DIR", str(tmp_path))
    environment.setenv("EXAMPLE_POSTGRES_PASSWORD_FILE", str(named))
    assert read_settings(ExampleSettings).postgres_password.get_secret_value() == "secret"
    environment.delenv("EXAMPLE_POSTGRES_PASSWORD")
    assert read_settings(ExampleSettings).postgres_password.get_secret_value() == "of the file"
    environment.delenv("EXAMPLE_POSTGRES_PASSWORD_FILE")
    assert read_settings(ExampleSettings).postgres_password.get_secret_value() == "of the folder"


def test_a_file_that_cannot_be_read_ends_the_process_with_a_sentence(
    environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("EXAMPLE_REDIS_URL")
    environment.setenv("EXAMPLE_REDIS_URL_FILE", str(tmp_path / "absent"))
    with pytest.raises(SystemExit) as caught:
        read_settings(ExampleSettings)
    assert caught.value.code == 2
    assert "EXAMPLE_REDIS_URL_FILE names: No such file" in capsys.readouterr().err
