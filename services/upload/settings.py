"""What upload reads from its environment (`UPLOAD_…`)."""

import os
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import PostgresSettings, ProcessSettings


def _processors() -> int:
    return len(os.sched_getaffinity(0))


class UploadSettings(ProcessSettings, PostgresSettings):
    """Where photos and their bytes are kept, who may fetch renditions, and what decodes pictures.

    `media_caches_url` names all balancers, which are told of renditions that are gone.

    `decoder_python` is the interpreter of the decoder's own environment; `pictures_at_once` bounds
    a worker's decoders and drawing threads, one each per processor unless said otherwise. While
    `waiting_pictures_max` wait (of the slow kinds `waiting_slow_pictures_max`), which is about a
    minute of work for two processors, no further ones are taken.
    """

    model_config = SettingsConfigDict(env_prefix="UPLOAD_", frozen=True)

    s3_endpoint_url: str
    s3_bucket: str
    s3_region: str
    s3_access_key: SecretStr
    s3_secret_key: SecretStr
    s3_ca_file: Path | None = None
    media_token: SecretStr = Field(min_length=16)
    media_caches_url: str | None = None
    decoder_python: str
    pictures_at_once: int = Field(default_factory=_processors, ge=1)
    waiting_pictures_max: int = Field(1_000, ge=1)
    waiting_slow_pictures_max: int = Field(100, ge=1)
