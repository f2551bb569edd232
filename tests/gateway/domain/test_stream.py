"""Which stream gives way to another."""

import pytest

from services.gateway.domain.stream import (
    STANDS_MS,
    STREAMS_MAX,
    TooManyStreams,
    place_name,
    place_to_free,
)

NOW_MS = 1_777_887_000_123


def test_no_stream_gives_way_below_the_limit() -> None:
    held = [place_name(NOW_MS, str(number)) for number in range(STREAMS_MAX - 1)]
    assert place_to_free(held, NOW_MS) is None


def test_the_oldest_stream_gives_way() -> None:
    ages_ms = [STANDS_MS * (1 + number % 5) for number in range(STREAMS_MAX)]
    held = [place_name(NOW_MS - age_ms, f"of {age_ms}") for age_ms in ages_ms]
    freed = place_to_free(held, NOW_MS)
    assert freed is not None
    assert freed.endswith(f"of {5 * STANDS_MS}")


def test_a_new_stream_is_refused_if_all_others_are_new() -> None:
    held = [place_name(NOW_MS - STANDS_MS + 1, str(number)) for number in range(STREAMS_MAX)]
    with pytest.raises(TooManyStreams) as refused:
        place_to_free(held, NOW_MS)
    assert refused.value.retry_after_s
