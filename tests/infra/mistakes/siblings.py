"""A process is restarted while another of its kind, or one that it needs, is down."""

from collections.abc import Awaitable, Callable

from tests.infra.mistakes.stage import Stage

Situation = Callable[[Stage], Awaitable[None]]


def _restart(what: str, down: str, *, status: int, words: tuple[str, ...]) -> Situation:
    """Restart `what` while `down` is stopped; `make up` then starts what is missing."""

    async def situation(stage: Stage) -> None:
        await stage.suite().stop(down)
        stage.did(f"stopped {down}")
        stage.says(["restart", what], status=status, words=words)
        stage.says(["status"], status=1, words=[down])
        await stage.comes_up()

    situation.__doc__ = f"`make restart S={what}` while {down} is down"
    situation.__name__ = f"restart_{what}_without_{down}".replace("-", "_")
    return situation


SIBLINGS = [
    _restart("users-1", "users-2", status=1, words=("users-2 does not run", "`make up` starts")),
    _restart("feed-2", "feed-1", status=1, words=("feed-1 does not run", "`make up` starts")),
    _restart("gateway-1", "gateway-2", status=1, words=("gateway-2 does not run",)),
    _restart("nginx-1", "nginx-2", status=0, words=("is back",)),
    _restart("postgres-users-a", "postgres-users-a-replica", status=0, words=("is back",)),
    _restart("postgres-users-a-replica", "postgres-feed-a", status=0, words=("is back",)),
    _restart("postgres-users-a-replica", "postgres-users-a", status=1, words=("users-a",)),
    _restart("redis-feed", "redis-users", status=0, words=("is back",)),
    _restart("store", "postgres-upload-a", status=0, words=("is back",)),
    _restart("upload-1", "store", status=0, words=("is back",)),
    _restart("upload-worker-1", "postgres-upload-b", status=0, words=("is back",)),
]
