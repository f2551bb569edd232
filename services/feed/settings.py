"""What feed reads from its environment (`FEED_…`)."""

from pydantic_settings import SettingsConfigDict

from shared.settings import PostgresSettings, ProcessSettings, RedisSettings


class FeedSettings(ProcessSettings, PostgresSettings, RedisSettings):
    """Where the posts and timelines are kept, and where the two services that feed asks are."""

    model_config = SettingsConfigDict(env_prefix="FEED_", frozen=True)

    users_url: str
    upload_url: str
