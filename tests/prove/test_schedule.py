"""A seed decides the faults, wherever a run goes on."""

from itertools import islice

from prove.schedule import schedule

KINDS = ["kill feed", "away redis", "freeze primary"]


def test_a_seed_gives_the_same_faults() -> None:
    assert list(islice(schedule(7, KINDS), 20)) == list(islice(schedule(7, KINDS[::-1]), 20))
    assert list(islice(schedule(7, KINDS), 20)) != list(islice(schedule(8, KINDS), 20))


def test_a_run_that_goes_on_gets_the_faults_that_were_left() -> None:
    whole = list(islice(schedule(7, KINDS), 20))
    assert list(islice(schedule(7, KINDS, 8), 12)) == whole[8:]


def test_every_round_has_every_kind() -> None:
    for number in range(4):
        part = islice(schedule(7, KINDS), 3 * number, 3 * number + 3)
        assert {one.kind for one in part} == set(KINDS)


def test_a_quicker_pace_changes_nothing_but_times() -> None:
    usual, quick = next(schedule(7, KINDS)), next(schedule(7, KINDS, pace=0.5))
    assert (quick.kind, quick.pick) == (usual.kind, usual.pick)
    assert quick.hold_s == usual.hold_s / 2
