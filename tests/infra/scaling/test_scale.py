"""The number of processes that is kept after a change, whoever asked for it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.control.supervisor import Supervisor
from infra.run_folder import RunFolder
from infra.scaling import scale as scaling
from infra.scaling.counts import Choice, counts_of, read_choices, write_counts
from infra.scaling.room import Machine
from infra.scaling.scale import add_or_go_back, scale
from infra.status.numbers import number_lines
from infra.suite import Suite, suite_in

QUIETLY = Progress(quiet=True)
_LARGE = Machine(64, 10**12, 10**12, {})


class Followed:
    """What the processes would have been brought to, and how that ends."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.failures: list[BaseException | None] = []

    async def __call__(self, suite: Suite, role: str, _progress: Progress) -> None:
        self.counts.append(counts_of(suite.plan)[role])
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> Followed:
    """Nothing runs here: only what is kept is of interest."""
    followed = Followed()
    monkeypatch.setattr(scaling, "follow_counts", followed)
    monkeypatch.setattr(scaling, "machine_of", lambda _suite: _LARGE)
    monkeypatch.setattr(Supervisor, "is_running", lambda _self: True)
    return followed


def suite_of(folder: Path, choices: Mapping[str, Choice]) -> Suite:
    write_counts(folder / "scale.json", choices)
    return suite_in(RunFolder(folder), "127.99")


def kept(suite: Suite) -> Choice | None:
    return read_choices(suite.folder.scale_file).get("feed")


@pytest.mark.parametrize(
    ("before", "count", "by_automation", "after"),
    [
        (None, 3, False, Choice(3, 3)),
        (None, 3, True, Choice(3)),
        (Choice(3), 2, True, None),
        (Choice(3), 2, False, None),
        (Choice(3), 4, False, Choice(4, 4)),
        (Choice(3, 3), 4, True, Choice(4, 3)),
        (Choice(4, 3), 3, True, Choice(3, 3)),
        (Choice(4, 3), 2, False, None),
        # Two are drawn, and still a person wants three.
        (Choice(3, 3), 2, True, Choice(2, 3)),
    ],
)
async def test_it_is_known_whose_number_it_is(
    tmp_path: Path,
    followed: Followed,
    before: Choice | None,
    count: int,
    *,
    by_automation: bool,
    after: Choice | None,
) -> None:
    suite = suite_of(tmp_path, {"feed": before} if before else {})
    await scale(suite, "feed", count, QUIETLY, by_automation=by_automation)
    assert kept(suite) == after
    assert followed.counts == [count]


@pytest.mark.parametrize("before", [None, Choice(3), Choice(3, 3)])
@pytest.mark.parametrize("failure", [SuiteFailure("no"), OSError("no"), TimeoutError()])
@pytest.mark.parametrize("back", [None, SuiteFailure("again"), OSError(), TimeoutError()])
async def test_an_addition_that_fails_leaves_the_former_number(
    tmp_path: Path,
    followed: Followed,
    before: Choice | None,
    failure: Exception,
    back: Exception | None,
) -> None:
    suite = suite_of(tmp_path, {"feed": before} if before else {})
    followed.failures = [failure, back]
    count = before.count if before else 2
    with pytest.raises(SuiteFailure, match=r"no|150 s"):
        await add_or_go_back(suite, "feed", count + 1, QUIETLY)
    assert kept(suite) == before
    assert followed.counts == [count + 1, count]


async def test_an_addition_that_is_refused_changes_nothing(
    tmp_path: Path, followed: Followed
) -> None:
    suite = suite_of(tmp_path, {"feed": Choice(3)})
    with pytest.raises(SuiteFailure, match="has room for"):
        await add_or_go_back(suite, "feed", 900, QUIETLY)
    assert (kept(suite), followed.counts) == (Choice(3), [])


async def test_an_addition_that_is_broken_off_leaves_the_former_number(
    tmp_path: Path, followed: Followed
) -> None:
    suite = suite_of(tmp_path, {})
    followed.failures = [asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await add_or_go_back(suite, "feed", 3, QUIETLY)
    assert kept(suite) is None


def test_status_says_whose_number_it_is(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, {"feed": Choice(3), "users": Choice(4, 3), "upload": Choice(3, 3)})
    assert [line.partition(" processes by ")[2] for line in number_lines(suite)] == [
        "automation, and 2 in the topology",
        "`make scale`, and 2 in the topology",
        "automation, 3 by `make scale`, and 2 in the topology",
    ]
