"""What an operator's shell says of other databases, stores and proxies never reaches ours."""

import pytest

from infra.shell_settings import forget_settings_of_other_work

OF_OTHER_WORK = [
    "PGHOST",
    "PGOPTIONS",
    "PGSERVICE",
    "PGSSLMODE",
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_CA_BUNDLE",
    "BOTO_CONFIG",
    "http_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
]
OURS = [
    "PATH",
    "HOME",
    "TERM",
    "PAGER",
    "PSQLRC",
    "RETRATO_NET",
    "RETRATO_BACKUP_ACCESS_KEY",
    "MISTAKES_SECONDS",
]


@pytest.mark.parametrize("name", OF_OTHER_WORK)
def test_a_setting_of_other_work_is_forgotten(name: str) -> None:
    environment = {name: "nobody", "HOME": "/"}
    forget_settings_of_other_work(environment)
    assert environment == {"HOME": "/"}


@pytest.mark.parametrize("name", OURS)
def test_other_settings_stay(name: str) -> None:
    environment = {name: "as it was"}
    forget_settings_of_other_work(environment)
    assert environment == {name: "as it was"}
