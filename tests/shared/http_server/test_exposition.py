"""The metrics in pieces are the metrics in one piece."""

import asyncio

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from shared.http_server.exposition import SAMPLES_PER_PIECE, pieces_of_metrics


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    requests = Counter("requests_total", 'With "quotes" and\nlines.', ["route"], registry=registry)
    seconds = Histogram("seconds", "Of each route.", ["route"], registry=registry)
    Gauge("level", "Of one sample.", registry=registry).set(2.5)
    for number in range(3 * SAMPLES_PER_PIECE):
        requests.labels(f'/v1/"{number}"').inc(number)
        seconds.labels(f"/v1/{number}").observe(number)
    return registry


async def test_the_pieces_together_are_the_text_of_the_library() -> None:
    registry = _registry()
    pieces = [piece async for piece in pieces_of_metrics(registry)]
    assert b"".join(pieces) == generate_latest(registry)
    assert max(piece.count(b"\n") for piece in pieces) <= SAMPLES_PER_PIECE + 2


async def test_other_tasks_run_between_two_pieces() -> None:
    turns = 0

    is_over = False
    loop = asyncio.get_running_loop()

    def count_turns() -> None:
        nonlocal turns
        turns += 1
        if not is_over:
            loop.call_soon(count_turns)

    count_turns()
    pieces = [piece async for piece in pieces_of_metrics(_registry())]
    is_over = True
    assert turns >= len(pieces)


async def test_no_series_says_when_a_counter_was_made() -> None:
    text = b"".join([piece async for piece in pieces_of_metrics(_registry())])
    assert b"_created" not in text
