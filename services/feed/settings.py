"""Feed's settings from its environment (`FEED_…`)."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import PostgresSettings, ProcessSettings, RedisSettings


class FeedSettings(ProcessSettings, PostgresSettings, RedisSettings):
    """Addresses of Postgres, Redis, users and upload, and the limit for celebrities.

    Posts of an author with at least `celebrity_followers_min` followers are merged on read, not
    pushed.
    """

    model_config = SettingsConfigDict(env_prefix="FEED_", frozen=True)

    users_url: str
    upload_url: str
    celebrity_followers_min: int = Field(default=10_000, ge=1)
