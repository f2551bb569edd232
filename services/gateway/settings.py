"""What the gateway reads from its environment (`GATEWAY_…`)."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import ProcessSettings


class GatewaySettings(ProcessSettings):
    """Where the three services are, and how media addresses are signed.

    `media_base_url` is what clients reach nginx by, without a slash at its end.
    """

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True)

    users_url: str
    upload_url: str
    feed_url: str
    media_signing_key: SecretStr
    media_base_url: str
    media_url_seconds: int = Field(default=600, ge=2)
