"""What `make upgrade TO=` takes for a version, and what it does not hand to git."""

import pytest

from infra.control.failures import SuiteFailure
from infra.control.upgrade import _commit


@pytest.mark.parametrize(
    "name",
    [
        "--upload-pack=/bin/sh",
        "--output=/etc/passwd",
        "-x",
        "--all",
        "",
        "v1 v2",
        "v1;id",
        "$(id)",
        "`id`",
        "$(shell id)",
        "v1\nBACK=1",
        "a:b",
        "'",
        '"',
        "*",
        "\x00",
    ],
)
def test_what_is_no_name_is_refused_before_git_sees_it(name: str) -> None:
    with pytest.raises(SuiteFailure, match="is no name of a version"):
        _commit(name)


def test_a_name_that_git_does_not_know_is_said_so() -> None:
    with pytest.raises(SuiteFailure, match="git knows no version"):
        _commit("v999.0.0-never")
