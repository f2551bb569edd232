"""Migrates feed's shards to the newest schema: `python -m services.feed.migrate`."""

import sys
from pathlib import Path

from pydantic_settings import SettingsConfigDict

from shared.sharding.migrate_command import MigrateSettings, main


class FeedMigrateSettings(MigrateSettings):
    """The part of `FEED_…` that locates the databases."""

    model_config = SettingsConfigDict(env_prefix="FEED_", frozen=True)


if __name__ == "__main__":
    sys.exit(main(FeedMigrateSettings, Path(__file__).parent))
