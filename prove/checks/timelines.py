"""Home timelines equal what follows and posts say they hold."""

from collections import defaultdict
from collections.abc import Iterator

from prove.checks.finding import Finding
from prove.history import History
from prove.state import State

# Above this many entries a timeline ends, and pages come from Postgres.
ENTRIES_MAX = 800


def check_timelines(_history: History, state: State) -> Iterator[Finding]:
    """Recompute each person's home timeline, and compare all of its pages."""
    posts_of: dict[int, list[int]] = defaultdict(list)
    for post in state.posts:
        posts_of[post.author_id].append(post.id)
    follows: dict[int, set[int]] = defaultdict(set)
    for edge in state.out_edges:
        if edge.kind == "follow" and edge.state == "active":
            follows[edge.src].add(edge.dst)
    for viewer_id, shown in state.homes.items():
        authors = follows[viewer_id] | {viewer_id}
        due = sorted((id_ for one in authors for id_ in posts_of[one]), reverse=True)[:ENTRIES_MAX]
        lacking = sorted(set(due) - set(shown))
        strange = sorted(set(shown[: len(due)]) - set(due))
        if lacking or strange:
            yield Finding(
                "timeline", f"the home timeline of {viewer_id} lacks {lacking}, has {strange}"
            )
        elif shown[: len(due)] != due:
            yield Finding("timeline", f"the home timeline of {viewer_id} is in another order")
