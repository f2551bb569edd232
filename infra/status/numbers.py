"""Prints the numbers of processes by role, and which of them were chosen."""

from collections.abc import Iterable, Mapping

from infra.scaling.counts import Choice, counts_of, read_choices
from infra.scaling.room import Room
from infra.scaling.scale import drawn_plan
from infra.suite import Suite

_COLUMNS = "{:<16} {:>4} {:>6} {:>6} {:>5}   {}"


def table_of_rooms(rooms: Iterable[Room], drawn: Mapping[str, int]) -> str:
    """Return the table of `make scale`."""
    lines = [_COLUMNS.format("role", "runs", "drawn", "least", "most", "what bounds the most")]
    lines += [
        _COLUMNS.format(
            room.role, room.count, drawn.get(room.role, 0), room.least, room.most, room.why
        )
        for room in rooms
    ]
    return "".join(f"{line}\n" for line in lines)


def number_lines(suite: Suite) -> list[str]:
    """Return a line for each role whose number was chosen."""
    drawn = counts_of(drawn_plan(suite))
    return [
        f"{role}: {choice.count} processes by {_who(choice)}, and {drawn[role]} in the topology"
        for role, choice in sorted(read_choices(suite.folder.scale_file).items())
        if role in drawn
    ]


def _who(choice: Choice) -> str:
    if choice.by_person is None:
        return "automation"
    if choice.by_person == choice.count:
        return "`make scale`"
    return f"automation, {choice.by_person} by `make scale`"
