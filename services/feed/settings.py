"""What feed reads from its environment (`FEED_…`)."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import PostgresSettings, ProcessSettings, RedisSettings


class FeedSettings(ProcessSettings, PostgresSettings, RedisSettings):
    """Where the posts and timelines are kept, and where the two services that feed asks are.

    From `celebrity_followers_min` followers on, an author's posts are not pushed to each of them
    but merged when they read.
    """

    model_config = SettingsConfigDict(env_prefix="FEED_", frozen=True)

    users_url: str
    upload_url: str
    celebrity_followers_min: int = Field(default=10_000, ge=1)
