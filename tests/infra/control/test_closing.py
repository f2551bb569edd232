"""A connection whose server says no goodbye fails nothing."""

import asyncpg
import pytest

from infra.control.closing import close_connection


class Silent:
    """A connection whose server does not answer the goodbye."""

    def __init__(self, fault: Exception) -> None:
        self._fault = fault
        self.is_cut = False

    async def close(self, *, timeout: float) -> None:
        """Fail as asyncpg does after that time."""
        assert timeout > 0
        raise self._fault

    def terminate(self) -> None:
        """Cut the connection."""
        self.is_cut = True


@pytest.mark.parametrize(
    "fault",
    [
        TimeoutError(),
        ConnectionResetError(),
        asyncpg.InterfaceError("closed"),
        asyncpg.AdminShutdownError("gone"),
    ],
)
async def test_a_server_that_says_no_goodbye_is_cut_off(fault: Exception) -> None:
    connection = Silent(fault)
    await close_connection(connection)  # type: ignore[arg-type]
    assert connection.is_cut
