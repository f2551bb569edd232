"""The page for operators lists exactly what may stay, with the ends that the code keeps to."""

import re

import pytest

from infra.backups.due import forgotten_after_days
from infra.deletion_audit.may_stay import MAY_STAY, exemption
from infra.plan.planning import plan_of
from infra.run_folder import REPOSITORY
from infra.topology import load_topology
from services.upload.store.erasures import OLD_BARS
from services.users.domain.names import RETIREMENT
from services.users.domain.sign_in_limits import GUESS_LIMITS
from services.users.store.deletions import OLD_RECEIPTS
from shared.edges.removed import REMOVED_KEPT_S
from shared.jobs.expired_rows import REST_S
from shared.sharding.idempotency import KEPT_SECONDS

_PAGE = REPOSITORY / "docs" / "operations" / "deletions.md"
_HOUR = 3600.0
_LOGS = load_topology().limits.logs


def _ends(backup_days: int) -> dict[str, str]:
    return {one.what.lower(): one.ends.format(backup_days=backup_days) for one in MAY_STAY}


def test_the_page_lists_exactly_what_may_stay() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    listed = {what.lower(): ends for what, ends in rows if what not in {"what", "---"}}
    days = forgotten_after_days(plan_of(load_topology()).backup)
    assert listed == _ends(days)


@pytest.mark.parametrize(
    ("what", "end", "seconds"),
    [
        ("the receipt", "30 days", OLD_RECEIPTS.kept_s),
        ("the username", "14 days", RETIREMENT.total_seconds()),
        ("rows of removed", "24 hours", REMOVED_KEPT_S),
        ("in upload", "24 hours", OLD_BARS.kept_s),
        ("recorded replies", "26 hours", KEPT_SECONDS + REST_S),
        ("in redis: failed", "an hour", GUESS_LIMITS.failures_of_account.window_ms / 1000),
        ("logs", "21 days", 24 * _HOUR * (_LOGS.put_aside_days + _LOGS.deleted_days)),
    ],
)
def test_the_ends_are_those_of_the_code(what: str, end: str, seconds: float) -> None:
    (said,) = [ends for one, ends in _ends(15).items() if one.startswith(what)]
    assert said.startswith(end)
    number, unit = end.replace("an ", "1 ").split()
    assert seconds == int(number) * (_HOUR if unit.startswith("hour") else 24 * _HOUR)


def test_a_table_that_is_not_listed_has_no_exception() -> None:
    assert exemption("tomorrow", "shard_0000") == "false"
    assert '"shard_0007".deletion' in exemption("account", "shard_0007")
