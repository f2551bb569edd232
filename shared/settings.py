"""Settings that every process reads from its environment; services add fields and a prefix.

A value may also be in a file; `setting_files.py` says where.
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
from shared.version import VERSION

S = TypeVar("S", bound=BaseSettings)


def _comma_separated(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


class EnvironmentSettings(BaseSettings):
    """Settings from the environment, else from files that it names."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources in order of precedence; pydantic-settings calls this."""
        return (init_settings, env_settings, SettingFiles(settings_cls))


class NetworkSettings(EnvironmentSettings):
    """How a process finds others, and which certificate authority it trusts.

    `dns_servers` are `address:port`; if empty, the operating system resolves names. It also
    resolves what is outside of `dns_zone`, if that is the only zone that those servers know.
    """

    model_config = SettingsConfigDict(frozen=True)

    tls_ca_file: Path | None = None
    dns_servers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)] = ()
    dns_zone: str = ""


# Other values of a secret that count as well while it is being replaced, comma separated.
OtherValues = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_comma_separated)]


def revealed(values: tuple[SecretStr, ...]) -> tuple[str, ...]:
    """Return the values of secrets."""
    return tuple(value.get_secret_value() for value in values)


class ProcessSettings(NetworkSettings):
    """A process's name, address, keys and limits.

    `internal_keys` maps audiences to HMAC keys. A service verifies calls with its own key or one of
    `internal_key_others`, and signs a call to another service with that service's key. `instance`
    names the process in logs, metrics and tokens; processes on one machine need different names.
    """

    model_config = SettingsConfigDict(frozen=True)

    instance: str = Field(default_factory=socket.gethostname, min_length=1)
    # All addresses, because a container does not know its own. Callers must show a token anyway.
    listen_host: str = "0.0.0.0"  # noqa: S104
    listen_port: int = Field(ge=1, le=65535)
    tls_cert_file: Path
    tls_key_file: Path
    internal_keys: dict[str, SecretStr] = Field(default_factory=dict)
    internal_key_others: OtherValues = ()
    # What operators and scrapers show to read metrics and documents; without it nobody reads them.
    operator_token: SecretStr | None = Field(default=None, min_length=16)
    operator_token_others: OtherValues = ()
    log_level: str = "INFO"
    # The commit, which /ready and the metric retrato_build_info show beside the version.
    revision: str = "unknown"
    # Longer than the health check's interval (1 s) and the TTL of an answer (1 s) together.
    drain_seconds: float = Field(default=3.0, ge=0)
    # The JSON file of values that change while the process runs (`shared/live_values.py`).
    live_file: Path | None = None
    # Traces: the sampled share, when a request counts as slow, and where spans go. Without a
    # folder and an endpoint (OTLP over HTTP) nothing is traced.
    trace_share: float = Field(default=0.01, ge=0, le=1)
    trace_slow_ms: int = Field(default=500, ge=1)
    trace_folder: Path | None = None
    trace_endpoint: str | None = None
    trace_file_bytes_max: int = Field(default=32 * 1024 * 1024, ge=65_536)
    # A statement that takes longer gets a line in the log; without it none does.
    slow_statement_ms: int | None = Field(default=None, ge=1)
    # The limiter: how many requests the process works on at once. A further request is refused if
    # it is expected to take longer than `wait_ms_max`, its wait included.
    at_work_max: int = Field(default=64, ge=1)
    wait_ms_max: int = Field(default=600, ge=1)

    @property
    def version(self) -> str:
        """The version of the code that runs; an environment of another version cannot change it."""
        return VERSION


class PostgresSettings(EnvironmentSettings):
    """Where a group's shards are, and the login for them; the pool limit is per server."""

    model_config = SettingsConfigDict(frozen=True)

    shard_map_file: Path
    postgres_user: str
    postgres_password: SecretStr
    postgres_database: str
    postgres_pool_max: int = Field(default=10, ge=1)
    # The authority of somebody else's databases; absent: that of `tls_ca_file`.
    postgres_ca_file: Path | None = None


class RedisSettings(EnvironmentSettings):
    """The service's Redis: `rediss://user:password@name:port/0`."""

    model_config = SettingsConfigDict(frozen=True)

    redis_url: SecretStr
    # The authority of somebody else's Redis; absent: that of `tls_ca_file`.
    redis_ca_file: Path | None = None


def read_settings(kind: type[S]) -> S:
    """Read the settings of a starting process.

    If some are unusable, prints a sentence per setting to standard error and exits with status 2.
    """
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
