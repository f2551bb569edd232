"""Migrates the shards of users to the newest schema: `python -m services.users.migrate`."""

import sys
from pathlib import Path

from pydantic_settings import SettingsConfigDict

from shared.sharding.migrate_command import MigrateSettings, main


class UsersMigrateSettings(MigrateSettings):
    """The part of `USERS_…` that locates the databases."""

    model_config = SettingsConfigDict(env_prefix="USERS_", frozen=True)


if __name__ == "__main__":
    sys.exit(main(UsersMigrateSettings, Path(__file__).parent))
