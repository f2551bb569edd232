"""Migrates upload's shards to the newest schema: `python -m services.upload.migrate`."""

import sys
from pathlib import Path

from pydantic_settings import SettingsConfigDict

from shared.sharding.migrate_command import MigrateSettings, main


class UploadMigrateSettings(MigrateSettings):
    """The part of `UPLOAD_…` that locates the databases."""

    model_config = SettingsConfigDict(env_prefix="UPLOAD_", frozen=True)


if __name__ == "__main__":
    sys.exit(main(UploadMigrateSettings, Path(__file__).parent))
