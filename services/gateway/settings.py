"""The gateway's settings from its environment (`GATEWAY_…`)."""

from pydantic import Field, PositiveInt, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import OtherValues, ProcessSettings, RedisSettings


class GatewaySettings(ProcessSettings, RedisSettings):
    """Addresses of the three services, limits of callers, and the signing of media addresses.

    * `balancer_token`: balancers add it, or one of the `balancer_token_others`; only then is the
      client's address believed.
    * `media_base_url`: how clients reach nginx, without a final slash.
    * `cors_origins`, as JSON: pages of these origins may use the API in a browser.
    * `limits`, as JSON, replaces usual limits: {"reads-viewer": [900, 60]} allows 900 requests in
      60 s per viewer. Names stand in `domain/limits.py`.
    * `limits_factor` multiplies all quotas.
    """

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True)

    users_url: str
    upload_url: str
    feed_url: str
    balancer_token: SecretStr = Field(min_length=16)
    balancer_token_others: OtherValues = ()
    media_signing_key: SecretStr
    media_base_url: str
    cors_origins: tuple[str, ...] = ()
    media_url_seconds: int = Field(default=600, ge=2)
    limits: dict[str, tuple[PositiveInt, PositiveInt]] = Field(default_factory=dict)
    limits_factor: float = Field(default=1.0, gt=0)
