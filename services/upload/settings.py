"""Upload's settings from its environment (`UPLOAD_…`)."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import OtherValues, PostgresSettings, ProcessSettings, RedisSettings


def _processors() -> int:
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and the account to use; a `ca_file` of None means the system's CAs.

    A `folder` belongs to a store on this machine whose objects must be flushed to disk from here.
    """

    endpoint_url: str
    name: str
    region: str
    access_key: str
    secret_key: str
    ca_file: Path | None
    folder: Path | None = None


class UploadSettings(ProcessSettings, PostgresSettings, RedisSettings):
    """Addresses of stores, feed and balancers, the decoder, and limits of uploads.

    * While photos move between buckets there is a second one. In the same store only
      `s3_second_bucket` is needed.
    * `s3_folder` is the folder of buckets if the store runs on this machine and acknowledges what
      is not on disk yet; absent, the store flushes by itself.
    * `media_caches_url` names all balancers, which are told of deleted renditions.
    * `decoder_python` is the interpreter of the decoder's own environment.
    * `pictures_at_once` bounds a worker's decoders and drawing threads; the default is one per
      processor.
    * `waiting_pictures_max` pictures, and `waiting_slow_pictures_max` slow ones, may wait: about a
      minute of work for two processors.
    * `parked_uploads_max` and `parked_bytes_max` bound an owner's unfinished uploads, which count
      towards no quota of photos. Ten is one post, and 200 MB are ten pictures of the largest size.
    * `renditions_webp` adds WebP renditions, behind the JPEGs, to each photo drawn from then on.
    * `orphan_wait_hours` after one sweep has noted an orphan, another one deletes it.
    """

    model_config = SettingsConfigDict(env_prefix="UPLOAD_", frozen=True)

    s3_endpoint_url: str
    s3_bucket: str
    s3_region: str
    s3_access_key: SecretStr
    s3_secret_key: SecretStr
    s3_ca_file: Path | None = None
    s3_folder: Path | None = None
    s3_second_endpoint_url: str | None = None
    s3_second_bucket: str | None = None
    s3_second_region: str | None = None
    s3_second_access_key: SecretStr | None = None
    s3_second_secret_key: SecretStr | None = None
    media_token: SecretStr = Field(min_length=16)
    media_token_others: OtherValues = ()
    media_caches_url: str | None = None
    feed_url: str
    decoder_python: str
    pictures_at_once: int = Field(default_factory=_processors, ge=1)
    waiting_pictures_max: int = Field(1_000, ge=1)
    waiting_slow_pictures_max: int = Field(100, ge=1)
    parked_uploads_max: int = Field(10, ge=1)
    parked_bytes_max: int = Field(200_000_000, ge=20_000_000)
    orphan_wait_hours: float = Field(24.0, ge=0)
    renditions_webp: bool = False

    @property
    def bucket(self) -> Bucket:
        """The bucket that is written to."""
        return Bucket(
            self.s3_endpoint_url,
            self.s3_bucket,
            self.s3_region,
            self.s3_access_key.get_secret_value(),
            self.s3_secret_key.get_secret_value(),
            self.s3_ca_file,
            self.s3_folder and self.s3_folder / self.s3_bucket,
        )

    @property
    def second_bucket(self) -> Bucket | None:
        """The bucket to read what the first lacks; None if there is none."""
        if self.s3_second_bucket is None:
            return None
        first = self.bucket
        if self.s3_second_endpoint_url is None:
            # Buckets of one store are folders side by side.
            folder = first.folder and first.folder.with_name(self.s3_second_bucket)
            return replace(first, name=self.s3_second_bucket, folder=folder)
        return Bucket(
            self.s3_second_endpoint_url,
            self.s3_second_bucket,
            self.s3_second_region or first.region,
            _revealed(self.s3_second_access_key) or first.access_key,
            _revealed(self.s3_second_secret_key) or first.secret_key,
            None,
        )


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
