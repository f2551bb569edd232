"""The settings of users from its environment (`USERS_…`)."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import OtherValues, PostgresSettings, ProcessSettings, RedisSettings


class UsersSettings(ProcessSettings, PostgresSettings, RedisSettings):
    """Addresses of Postgres, Redis, feed and upload, and the key of session tokens.

    A new `token_key` signs out whoever has tokens of none of the `token_key_others`.
    """

    model_config = SettingsConfigDict(env_prefix="USERS_", frozen=True)

    token_key: SecretStr = Field(min_length=32)
    token_key_others: OtherValues = ()
    feed_url: str
    upload_url: str
