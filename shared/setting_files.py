"""Values of settings in files, as platforms give secrets to a process."""

from collections.abc import Iterator
from pathlib import Path

from pydantic_settings import BaseSettings, EnvSettingsSource

_FOLDER = "secrets_dir"


class SettingFileError(ValueError):
    """A file that the environment names cannot be read; says which variable and why."""


class SettingFiles(EnvSettingsSource):
    """`FEED_REDIS_URL_FILE` names the file of `FEED_REDIS_URL`; a folder may hold many.

    In the folder `FEED_SECRETS_DIR` a value stands in a file named like its setting, `redis_url`. A
    file that the environment names goes before it. One newline at the end is none of the value.
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
