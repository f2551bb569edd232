"""Reads settings from files, the way container platforms hand over secrets."""

from collections.abc import Iterator
from pathlib import Path

from pydantic_settings import BaseSettings, EnvSettingsSource

_FOLDER = "secrets_dir"


class SettingFileError(ValueError):
    """A file named in the environment cannot be read; the message gives variable and reason."""


class SettingFiles(EnvSettingsSource):
    """A settings source: `FEED_REDIS_URL_FILE` names a file with the value of `FEED_REDIS_URL`.

    The folder `FEED_SECRETS_DIR` may hold a file per setting, such as `redis_url`. A `_FILE`
    variable wins over the folder. One newline at the end of a file is dropped.
    """

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self.env_vars = dict(self._values())

    def _values(self) -> Iterator[tuple[str, str]]:
        prefix = self.env_prefix.lower()
        folder = self.env_vars.get(f"{prefix}{_FOLDER}")
        for field in self.settings_cls.model_fields:
            variable = f"{prefix}{field}"
            if named := self.env_vars.get(f"{variable}_file"):
                yield variable, _content(f"{variable}_file", Path(named))
            elif folder and (file := Path(folder) / field).is_file():
                yield variable, _content(f"{prefix}{_FOLDER}", file)


def _content(variable: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingFileError(
            f"{file}, which the environment variable {variable.upper()} names: {why}"
        ) from error
