"""What every process reads from its environment; a service adds its own fields and its prefix.

A value may stand in a file as well: `setting_files.py` says where one is looked for.
"""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar, cast

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from shared.setting_files import SettingFileError, SettingFiles

S = TypeVar("S", bound=BaseSettings)


def _comma_separated(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


class EnvironmentSettings(BaseSettings):
    """From the environment, or from files that it names; what is in the environment goes first."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The library asks which sources there are; the first that has a value wins."""
        return (init_settings, env_settings, SettingFiles(settings_cls))


class NetworkSettings(EnvironmentSettings):
    """How a process finds others, and whom it trusts.

    `dns_servers` are `address:port`; without any, names are asked of the operating system.
    """

    model_config = SettingsConfigDict(frozen=True)

    tls_ca_file: Path | None = None
    dns_servers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)] = ()


class ProcessSettings(NetworkSettings):
    """Who this process is, where it listens, and how it and its callers know each other.

    `internal_keys` holds the HMAC key of each audience: a service verifies the calls to it with
    its own and signs the calls to another with that one's. `instance` is its name in logs, metrics
    and tokens: of processes that share a machine, each needs one of its own.
    """

    model_config = SettingsConfigDict(frozen=True)

    instance: str = Field(default_factory=socket.gethostname, min_length=1)
    # All addresses of the machine: a container does not know its own, and callers show a token.
    listen_host: str = "0.0.0.0"  # noqa: S104
    listen_port: int = Field(ge=1, le=65535)
    tls_cert_file: Path
    tls_key_file: Path
    internal_keys: dict[str, SecretStr] = Field(default_factory=dict)
    log_level: str = "INFO"
    # Longer than the health check's interval (1 s) and the TTL of an answer (1 s) together.
    drain_seconds: float = Field(default=3.0, ge=0)
    # The limiter of the process: how many requests it works on at once, and how long another one
    # may be here, its wait included, before it is refused instead.
    at_work_max: int = Field(default=64, ge=1)
    wait_ms_max: int = Field(default=600, ge=1)


class PostgresSettings(EnvironmentSettings):
    """Where the shards of a group are, and as whom to reach them."""

    model_config = SettingsConfigDict(frozen=True)

    shard_map_file: Path
    postgres_user: str
    postgres_password: SecretStr
    postgres_database: str
    postgres_pool_max: int = Field(default=10, ge=1)


class RedisSettings(EnvironmentSettings):
    """The service's Redis: `rediss://user:password@name:port/0`."""

    model_config = SettingsConfigDict(frozen=True)

    redis_url: SecretStr


def read_settings(kind: type[S]) -> S:
    """The settings of the process that starts; ends it with a sentence if some are unusable."""
    try:
        return cast(Callable[[], S], kind)()
    except SettingFileError as error:
        sys.stderr.write(f"Cannot start: {error}.\n")
        raise SystemExit(2) from error
    except ValidationError as error:
        _refuse_to_start(kind.model_config.get("env_prefix", ""), error)


def _refuse_to_start(prefix: str, error: ValidationError) -> NoReturn:
    for problem in error.errors(include_url=False, include_input=False):
        variable = prefix + "_".join(str(part) for part in problem["loc"]).upper()
        sys.stderr.write(f"Cannot start: the environment variable {variable}: {problem['msg']}.\n")
    raise SystemExit(2)
