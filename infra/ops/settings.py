"""The settings of the process of the operators' page."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from infra.ops.sign_in import PASSWORD_CHARACTERS_MIN
from shared.settings import ProcessSettings


class OpsSettings(ProcessSettings):
    """Where the page reads, and the operators' password; an empty address is a part that is off."""

    model_config = SettingsConfigDict(env_prefix="OPS_", frozen=True)

    password: SecretStr = Field(min_length=PASSWORD_CHARACTERS_MIN)
    # Written by the caretaker, which alone may ask the supervisor.
    state_file: Path
    prometheus_url: str = ""
    automation_url: str = ""
    mail_url: str = ""
