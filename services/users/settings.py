"""The settings of users from its environment (`USERS_…`)."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import OtherValues, PostgresSettings, ProcessSettings, RedisSettings


class UsersSettings(ProcessSettings, PostgresSettings, RedisSettings):
    """Addresses of Postgres, Redis, feed, upload and mail, and the keys of tokens and codes.

    A new `token_key` signs out whoever has tokens of none of the `token_key_others`.
    """

    model_config = SettingsConfigDict(env_prefix="USERS_", frozen=True)

    token_key: SecretStr = Field(min_length=32)
    token_key_others: OtherValues = ()
    code_key: SecretStr = Field(min_length=32)
    code_key_others: OtherValues = ()
    feed_url: str
    upload_url: str
    # Without a host no message is sent, and none waits.
    smtp_host: str = ""
    smtp_port: int = Field(default=465, ge=1, le=65535)
    smtp_security: Literal["tls", "starttls", "none"] = "tls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_ca_file: Path | None = None
    mail_sender: str = "Retrato <no-reply@localhost>"
    mail_link_url: str = "http://localhost:8080"
