"""What users reads from its environment (`USERS_…`)."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import PostgresSettings, ProcessSettings, RedisSettings


class UsersSettings(ProcessSettings, PostgresSettings, RedisSettings):
    """Where accounts are kept, what session tokens are made with, and where feed and upload are.

    Another `token_key` signs everybody out.
    """

    model_config = SettingsConfigDict(env_prefix="USERS_", frozen=True)

    token_key: SecretStr = Field(min_length=32)
    feed_url: str
    upload_url: str
