"""The budget of a try to decode."""

import pytest

from services.upload.decoder import limits
from services.upload.domain.decoding_budget import SECONDS_IN_ALL, CpuBudget, seconds_of_try
from services.upload.domain.picture_kinds import PictureKind


@pytest.mark.parametrize("kind", PictureKind)
def test_the_first_try_is_short_and_the_second_has_the_childs_limit(
    kind: PictureKind,
) -> None:
    first, second = (seconds_of_try(kind, is_costly=is_costly) for is_costly in (False, True))
    assert 1 <= first < second == limits.CHILD_CPU_SECONDS_MAX
    assert first + 2 * second <= SECONDS_IN_ALL


@pytest.mark.parametrize(
    ("spent_ms", "unspent_ms"), [(None, 0), (0, 2_000), (1_500, 500), (2_300, 0)]
)
def test_only_time_known_to_be_unused_is_refunded(spent_ms: int | None, unspent_ms: int) -> None:
    assert CpuBudget(2, spent_ms).unspent_ms == unspent_ms
