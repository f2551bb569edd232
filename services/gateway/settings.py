"""What the gateway reads from its environment (`GATEWAY_…`)."""

from pydantic import Field, PositiveInt, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import ProcessSettings, RedisSettings


class GatewaySettings(ProcessSettings, RedisSettings):
    """Where the three services are, and how media addresses are signed.

    `balancer_token` is what balancers add to a request: from nobody else is the client's address
    believed. `media_base_url` is how clients reach nginx, without a slash at its end. Pages of
    `cors_origins`, as JSON, may use the API from a browser. `limits` replaces some of the usual
    limits of callers, as JSON: {"reads-viewer": [900, 60]} is 900 requests in 60 s for each viewer;
    their names are in `domain/limits.py`. `limits_factor` multiplies all.
    """

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True)

    users_url: str
    upload_url: str
    feed_url: str
    balancer_token: SecretStr = Field(min_length=16)
    media_signing_key: SecretStr
    media_base_url: str
    cors_origins: tuple[str, ...] = ()
    media_url_seconds: int = Field(default=600, ge=2)
    limits: dict[str, tuple[PositiveInt, PositiveInt]] = Field(default_factory=dict)
    limits_factor: float = Field(default=1.0, gt=0)
