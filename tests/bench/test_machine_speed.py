"""The slowest second is found, and one sample alone is not believed."""

from bench.machine_speed import MachineSpeed, got_share, machine_speed


def _speed(*speeds: float) -> MachineSpeed:
    return MachineSpeed([(float(at_s), speed) for at_s, speed in enumerate(speeds)])


def test_the_slowest_second_is_found() -> None:
    speed = _speed(9, 9, 9, 9, 4, 5, 4, 5, 9, 9, 9)
    assert speed.slowest(0, 10) == 4.5
    assert speed.slowest(0, 3) == 9


def test_one_sample_may_be_chance() -> None:
    assert _speed(9, 9, 1, 9, 9).slowest(0, 4) == 9


def test_of_a_time_only_what_was_looked_at_then_counts() -> None:
    assert _speed(9, 9, 4, 5, 6, 9).between(2, 4) == 5


def test_where_nothing_was_looked_at_all_of_it_counts() -> None:
    assert _speed(9, 8, 7).slowest(20, 30) == _speed(9, 8, 7).between(20, 30) == 8


async def test_there_is_a_sample_from_the_beginning() -> None:
    async with machine_speed() as speed:
        assert speed.median > 0


def test_what_the_host_took_is_missing() -> None:
    assert got_share((100.0, 10.0), (130.0, 20.0)) == 0.75
    assert got_share((100.0, 10.0), (100.0, 10.0)) == 1.0
